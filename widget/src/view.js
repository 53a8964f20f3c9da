// The fixed parts of the widget, built once: launcher, dialog, log, status line, form.
import { h, icon } from './dom.js';
import { link } from './reply.js';
import { CLINIC_PHONE, CLINIC_TEL } from './strings.js';

export const LIMIT = 500;

const SMALL = '(max-width: 30em), (max-height: 30em)';

/** Build the parts. act: what to do on each action. Returns the parts by name. */
export function buildView(t, title, left, act) {
  const parts = {};
  const keep = (name, element) => (parts[name] = element);
  const button = (name, className, label, action, attributes) =>
    keep(name, h('button', { type: 'button', class: className, click: action, ...attributes }, label));

  keep('launcher', h('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', click: act.open }, icon('chat'),
    h('span', {}, t('launcher'))));

  button('menu', 'flat', t('menu'), act.menu, { 'aria-expanded': 'false', 'aria-controls': 'menu' });
  button('remove', 'item', t('remove'), act.askRemove);
  keep('items', h('div', { class: 'items' },
    link(t, t('callClinic', { phone: CLINIC_PHONE }), CLINIC_TEL, act.clicked), button('copy', 'item', t('copy'), act.copy), button('print', 'item', t('print'), act.print), parts.remove));
  button('removeYes', 'item danger', t('removeYes'), act.remove);
  keep('confirm', h('div', { class: 'items', role: 'group', 'aria-labelledby': 'ask', hidden: true },
    h('p', { id: 'ask' }, t('removeAsk')), parts.removeYes, button('removeNo', 'item', t('removeNo'), act.keep)));
  keep('menuBox', h('div', { id: 'menu', class: 'menu', hidden: true }, parts.items, parts.confirm));

  keep('head', h('div', { class: 'head' }, h('h2', { id: 'title' }, title), parts.menu, button('close', 'flat', t('close'), act.close)));
  keep('bar', h('div', { class: 'bar', hidden: true },
    h('a', { href: 'tel:911', class: 'call now', click: act.call911 }, icon('phone'), h('span', {}, t('call911now')))));
  keep('log', h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': t('log'), tabindex: '0' }));
  keep('status', h('div', { class: 'status', role: 'status' }));

  keep('field', h('textarea', {
    id: 'field', rows: '1', maxlength: String(LIMIT), enterkeyhint: 'send', autocomplete: 'off', 'aria-describedby': 'left',
    keydown: act.key, input: act.typed,
  }));
  keep('send', h('button', { type: 'submit', class: 'send' }, t('send')));
  keep('left', h('span', { id: 'left', class: 'left', hidden: true }));
  keep('form', h('form', { class: 'form', submit: act.submit },
    h('div', { class: 'labels' }, h('label', { for: 'field' }, t('field')), parts.left),
    h('div', { class: 'entry' }, parts.field, parts.send)));

  keep('dialog', h('dialog', { class: 'panel', 'aria-labelledby': 'title', cancel: act.cancel, keydown: act.escape },
    parts.head, parts.menuBox, parts.bar, parts.log, parts.status, parts.form));
  keep('root', h('section', { class: 'root' + (left ? ' to-left' : ''), 'aria-label': title }, parts.launcher, parts.dialog));
  return parts;
}

/** Shows and hides the dialog: beside the page on large screens, over it on small or zoomed ones. */
export class Panel {
  constructor(parts, shadow) {
    this.parts = parts;
    this.shadow = shadow;
    this.small = matchMedia(SMALL);
    this.refit = () => this.fit();
    this.rearrange = () => {
      if (!this.open) return;
      const focused = this.shadow.activeElement;
      this.parts.dialog.close();
      this.show(true);
      if (focused) focused.focus();
    };
  }

  get open() {
    return this.parts.dialog.open;
  }

  watch(on) {
    const way = on ? 'addEventListener' : 'removeEventListener';
    if (this.small[way]) this.small[way]('change', this.rearrange);
    if (window.visualViewport) for (const type of ['resize', 'scroll']) window.visualViewport[way](type, this.refit);
  }

  /** quiet: beside the page without taking the focus from it, as after a reload. */
  show(quiet) {
    const { dialog, launcher } = this.parts;
    launcher.hidden = true;
    const full = this.small.matches;
    dialog.classList.toggle('full', full);
    this.fit();
    if (full) dialog.showModal();
    else if (quiet) dialog.setAttribute('open', ''); // show() would take the focus
    else dialog.show();
  }

  close() {
    this.parts.launcher.hidden = false;
    this.parts.dialog.close();
  }

  /** Keep the full-screen dialog within what an on-screen keyboard leaves free. */
  fit() {
    const view = window.visualViewport;
    if (!view || view.scale > 1.01) return;
    const style = this.parts.dialog.style;
    style.setProperty('--vc-height', view.height + 'px');
    style.setProperty('--vc-top', view.offsetTop + 'px');
  }

  /** Bring the top of a message into view; when all fits, that is the end of the log. */
  reveal(element) {
    const { log, dialog, bar } = this.parts;
    const scroller = log.scrollHeight > log.clientHeight + 1 && getComputedStyle(log).overflowY !== 'visible' ? log : dialog;
    scroller.scrollTop += element.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 12 - (scroller === dialog ? bar.offsetHeight : 0);
  }
}
