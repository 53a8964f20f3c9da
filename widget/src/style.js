// em, never rem (CMS themes shrink the root); medium is the reader's own text size. !important on the host keeps page CSS out.
export const RULES = `
:host{all:initial!important;direction:ltr!important;display:block!important;position:fixed!important;inset:0 auto auto 0!important;z-index:2147483647!important}
*,::before,::after{box-sizing:border-box;margin:0;padding:0;font:inherit;color:inherit;text-align:start}
[hidden]{display:none!important}
.root{--bg:#fff;--text:#1a2026;--muted:#4b5661;--line:#6f7a85;--soft:#eef2f5;--link:#0a4d86;--focus:#0b3d91;--halo:#fff;
--red:#b3001b;--warn:#fff5d9;--warn-line:#8a5a00;--vc-accent:#0f5d73;--vc-on:#fff;
font:400 medium/1.5 system-ui,Arial,sans-serif;color:var(--text);
color-scheme:light;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
@media (prefers-color-scheme:dark){.root{--bg:#14191e;--text:#eef1f4;--muted:#bcc6cf;--line:#8b96a1;--soft:#262e36;--link:#a3d0ff;
--focus:#ffd84d;--halo:#14191e;--warn:#3a2e0c;--warn-line:#e3b341;color-scheme:dark}.form .send{border-color:var(--line)}}
button,a{cursor:pointer;min-height:max(44px,2.75em);min-width:max(44px,2.75em);-webkit-tap-highlight-color:transparent}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;box-shadow:0 0 0 2px var(--halo)}
svg{width:1.35em;height:1.35em;flex:none;fill:currentColor}
h2,b,label{font-weight:600}
.hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launcher{position:fixed;bottom:calc(1em + env(safe-area-inset-bottom));right:calc(1em + env(safe-area-inset-right));display:flex;align-items:center;
gap:.6em;padding:.8em 1.2em;max-width:calc(100vw - 2em);border:2px solid var(--vc-on);border-radius:2em;
background:var(--vc-accent);color:var(--vc-on);font-weight:600;box-shadow:0 2px 12px #0006}
.to-left .launcher{right:auto;left:calc(1em + env(safe-area-inset-left))}
.launcher:focus-visible{outline-offset:0;outline-color:#0b3d91;box-shadow:0 0 0 6px #fff}
.panel{position:fixed;inset:auto 1em 1em auto;width:min(26em,calc(100vw - 2em));height:min(42em,calc(100vh - 2em));max-width:none;max-height:none;
border:1px solid var(--line);border-radius:.8em;background:var(--bg);box-shadow:0 8px 40px #0006;overflow:hidden auto;overscroll-behavior:contain;scroll-padding-top:7em}
.panel[open]{display:flex;flex-direction:column}
.to-left .panel{inset:auto auto 1em 1em}
.panel.full{inset:var(--vc-top,0px) 0 auto 0;width:100%;height:var(--vc-height,100%);border:0;border-radius:0;
padding-bottom:env(safe-area-inset-bottom)}
.head{display:flex;align-items:center;flex-wrap:wrap;gap:.4em;padding:.4em .5em .4em 1em;background:var(--vc-accent);color:var(--vc-on);border-bottom:1px solid transparent}
.head h2{flex:1 1 7em;font-size:1.1em;line-height:1.3}
.flat{padding:0 .7em;border:1px solid currentColor;border-radius:.5em;background:transparent;text-align:center;font-weight:600}
.flat:focus-visible{outline-color:currentColor;box-shadow:none}
.menu{padding:.6em 1em;border-bottom:1px solid var(--line);background:var(--soft)}
.items{display:grid;gap:.5em}
.item,.choice,.small,.retry{padding:.45em .9em;border:1px solid var(--line);border-radius:.6em;background:var(--bg);color:var(--link);font-weight:600}
.item:hover,.choice:hover,.small:hover,.retry:hover{border-color:currentColor;text-decoration:underline}
.menu .danger{background:var(--red);color:#fff}
.bar{padding:.4em;background:var(--red);position:sticky;top:0;z-index:1}
.log{flex:1 1 auto;min-height:9em;overflow:hidden auto;overscroll-behavior:contain;padding:1em;display:flex;flex-direction:column;gap:.8em}
.log:focus-visible{outline-offset:-3px;box-shadow:none}
.log>:first-child{margin-top:auto}
.msg{flex:none;max-width:92%;border:1px solid transparent;border-radius:.9em;padding:.7em .9em;background:var(--soft)}
.bot{align-self:flex-start;border-bottom-left-radius:.2em}
.me{align-self:flex-end;background:var(--vc-accent);color:var(--vc-on);border-bottom-right-radius:.2em;white-space:pre-wrap}
.body p{white-space:pre-line}
.body>*+*{margin-top:.65em}
ul{padding-inline-start:1.3em;list-style:disc}
li+li{margin-top:.25em}
.scroll{overflow:auto hidden}
table{width:100%;border-collapse:collapse;font-size:.94em;overflow-wrap:break-word}
caption{font-weight:600;padding-bottom:.4em}
th,td{border:1px solid var(--line);padding:.35em .5em;vertical-align:top}
th{font-weight:600;background:var(--bg)}
.source,.reference{margin-top:.7em}
.source{line-height:1.7;font-size:.9em;color:var(--muted);padding-top:.6em;border-top:1px solid var(--line)}
.reviewed{display:block}
a{color:var(--link);text-decoration:underline;text-underline-offset:.15em}
.inline{padding:max(1em,22px - .5em) 0;min-width:0}
.links{display:grid;gap:.5em;margin-top:.8em}
.link{display:flex;align-items:center;padding:.3em 0;font-weight:600}
.call{display:flex;align-items:center;gap:.6em;padding:.5em .7em;border:2px solid currentColor;border-radius:.6em;background:var(--bg);font-weight:600;text-decoration:none}
.call:hover{text-decoration:underline}
.now{justify-content:center;background:#fff;color:var(--red);border-color:var(--red);font-size:1.15em;font-weight:700;text-align:center}
.bar .now{font-size:1em;gap:.3em;padding:.5em .3em}
.emergency .now{margin-top:.8em}
.emergency :focus-visible,.bar :focus-visible{outline-color:#fff;box-shadow:0 0 0 2px var(--red)}
.label{display:flex;flex-wrap:wrap;align-items:center;gap:.4em;font-weight:700;font-size:1.15em;margin-bottom:.3em}
.feedback{display:flex;flex-wrap:wrap;align-items:center;gap:.5em;margin-top:.6em;font-size:.95em}
@media (max-width:30em){.launcher{bottom:calc(.5em + env(safe-area-inset-bottom));right:.5em;padding:.5em .8em;gap:.5em;max-width:calc(100vw - 1em)}
.to-left .launcher{left:.5em}.log{padding:.75em}.msg{max-width:96%}th,td{padding:.3em}.feedback span{flex-basis:100%}}
.emergency{background:var(--red);color:#fff;border:4px solid var(--red);border-radius:.6em;font-size:1.1em;font-weight:600}
.crisis,.check,.same_day,.failure{background:var(--warn);border:2px solid var(--warn-line);border-radius:.6em}
.crisis,.check{font-size:1.05em}
.emergency,.crisis,.check,.same_day,.failure,.wide{max-width:none;width:100%}
.handoff,.advice_declined{border-color:var(--line)}
.notice{background:transparent;border:1px solid var(--line)}
.quick{display:flex;flex-wrap:wrap;gap:.5em;margin-top:.8em}
.clarify .quick,.check .quick{display:grid}
.quick details{flex-basis:100%}
summary{cursor:pointer;min-height:max(44px,2.75em)}
.small{text-align:center;padding:.2em .9em}
.retry{margin-top:.6em}
.status{padding:0 1em;font-size:.95em;color:var(--muted)}
.status:not(:empty){padding-bottom:.5em}
.dots{display:inline-block;margin-inline-end:.5em}
.dots i{display:inline-block;width:.45em;height:.45em;margin-inline-end:.2em;border-radius:50%;background:currentColor;border:1px solid currentColor;animation:dot 1.2s infinite}
.dots i:nth-child(2){animation-delay:.2s}.dots i:nth-child(3){animation-delay:.4s}
@keyframes dot{0%,60%,100%{opacity:.3}30%{opacity:1}}
.form{padding:.6em 1em 1em;border-top:1px solid var(--line)}
.labels{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1em;margin-bottom:.3em}
.left{color:var(--muted);font-size:.95em}
.entry{display:flex;flex-wrap:wrap;align-items:flex-end;justify-content:flex-end;gap:.5em}
textarea{flex:1 1 8.5em;min-width:0;min-height:max(44px,2.9em);max-height:min(8em,30vh);padding:.6em .7em;border:2px solid var(--line);border-radius:.6em;background:var(--bg);resize:none;
overflow-wrap:anywhere;overflow-y:auto}
.send{flex:none;min-height:max(44px,2.9em);padding:.5em 1.1em;border:2px solid transparent;border-radius:.6em;background:var(--vc-accent);color:var(--vc-on);font-weight:600;text-align:center}
@media (max-height:22em){.log{overflow:visible;flex:none;min-height:0}.panel{height:calc(100vh - 2em)}}
@media (max-height:9em){.bar{position:static}.panel{scroll-padding-top:0}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important;scroll-behavior:auto!important}}
@media (forced-colors:active){.panel,.msg,.head,.bar,.send,.launcher{border:1px solid CanvasText}.emergency,.now{border-width:4px}.dots i{background:CanvasText}}
@media print{:host{position:static!important}:host(:not([data-print])){display:none!important}
.root{--bg:#fff;--text:#000;--muted:#333;--soft:#fff;--link:#000;color-scheme:light}
.launcher,.flat,.menu,.bar,.status,.form,.quick,.feedback,.retry{display:none!important}
.panel,.panel.full{position:static;width:100%;height:auto;border:0;box-shadow:none;overflow:visible}
.log,.scroll{overflow:visible;display:block}
.log .msg,.head{display:block;width:auto;max-width:none;margin:0 0 .8em;border:1px solid #555;background:#fff;color:#000;break-inside:avoid}
.msg *,.head *{color:#000;background:none}.log>.msg>.hide{position:static;clip-path:none;font-weight:600}}
`;
