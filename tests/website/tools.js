// What tests measure in the page. Everything looks through the widget's shadow root.
window.tools = (() => {
  const host = () => document.querySelector('valve-clinic-chat');
  const root = () => host().shadowRoot;
  const all = (selector) => Array.from(root().querySelectorAll(selector));
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest('.hide');
  const name = (node) => (node.id && '#' + node.id) || (node.className && '.' + String(node.className).split(' ')[0]) || node.localName;

  // --- focus ---
  const active = () => {
    let node = document.activeElement;
    while (node && node.shadowRoot && node.shadowRoot.activeElement) node = node.shadowRoot.activeElement;
    return node;
  };
  const focused = () => (active() ? name(active()) : 'nothing');
  const focusText = () => (active().getAttribute('aria-label') || active().innerText || active().value || '').trim();
  // Every time the focus falls out of the open dialog to the page's body, from now on.
  const lost = [];
  const watchFocus = () => {
    const look = () => {
      if (root().querySelector('dialog').open && active() === document.body) lost.push(performance.now());
      requestAnimationFrame(look);
    };
    look();
  };

  // --- what a screen reader would be told: every node that is put into a live region, once ---
  const told = [];
  const politeness = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const role = at.getAttribute && at.getAttribute('role');
      const live = at.getAttribute && at.getAttribute('aria-live');
      if (live) return live;
      if (role === 'alert') return 'assertive';
      if (role === 'status' || role === 'log') return 'polite';
    }
    return 'off';
  };
  const watchLive = () => {
    new MutationObserver((records) => {
      for (const record of records) {
        for (const node of record.addedNodes) {
          const element = node.nodeType === 1 ? node : node.parentElement;
          if (!element || !element.isConnected || politeness(element) === 'off') continue;
          if (node.nodeType === 1 && (!shown(node) || node.getAttribute('aria-hidden') === 'true')) continue;
          const text = (node.innerText === undefined ? node.textContent : node.innerText).trim();
          if (text) told.push([politeness(element), text.replace(/\s+/g, ' ')]);
        }
      }
    }).observe(root(), { childList: true, subtree: true, characterData: true });
  };

  // --- colours ---
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.alpha === 1) return colour.rgb;
      if (colour.alpha > 0) throw new Error('half-transparent background on ' + name(at));
    }
    return [255, 255, 255];
  };
  /** [ratio, where] of every visible text, the lowest first. */
  const contrasts = () => {
    const found = [];
    const walker = document.createTreeWalker(root(), NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const parent = text.parentElement;
      if (!text.data.trim() || parent.localName === 'style' || !shown(parent)) continue;
      found.push([ratio(parse(getComputedStyle(parent).color).rgb, behind(parent)), name(parent) + ': ' + text.data.trim().slice(0, 30)]);
    }
    const field = root().querySelector('#field');
    if (shown(field)) found.push([ratio(parse(getComputedStyle(field).color).rgb, behind(field)), '#field']);
    return found.sort((a, b) => a[0] - b[0]);
  };
  /** [ratio, where] of each control's border or ground against what is around it. */
  const edges = () => all('textarea, button, a.call').filter(shown).map((node) => {
    const around = behind(node.parentElement);
    const style = getComputedStyle(node);
    const line = parse(style.borderTopColor);
    const best = Math.max(line.alpha ? ratio(line.rgb, around) : 1, ratio(behind(node), around));
    return [best, name(node)];
  }).sort((a, b) => a[0] - b[0]);
  /** The outline of what has the focus, against what is around it. */
  const focusRing = () => {
    const node = active();
    const style = getComputedStyle(node);
    const inside = parseFloat(style.outlineOffset) < 0;
    return { style: style.outlineStyle, width: parseFloat(style.outlineWidth), ratio: ratio(parse(style.outlineColor).rgb, behind(inside ? node : node.parentElement)) };
  };

  // --- sizes ---
  const CONTROLS = 'a[href], button, textarea, input, select, [tabindex="0"]';
  const targets = () => all(CONTROLS).filter(shown).map((node) => {
    const box = node.getBoundingClientRect();
    return [Math.min(box.width, box.height), name(node), Math.round(box.width), Math.round(box.height)];
  }).sort((a, b) => a[0] - b[0]);
  /** What is cut off or pushed out: texts wider than their box, and boxes outside the window sideways or outside the dialog. */
  const cut = () => {
    const wrong = [];
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth > width) wrong.push('the page scrolls sideways: ' + document.scrollingElement.scrollWidth);
    for (const node of all('*')) {
      if (!shown(node) || node.closest('svg') || node.matches('.scroll *')) continue; // a wide table scrolls in its own box
      const box = node.getBoundingClientRect();
      const style = getComputedStyle(node);
      if (box.width && (box.left < -0.5 || box.right > width + 0.5)) wrong.push(`${name(node)} is outside the window: ${box.left}..${box.right} of ${width}`);
      if (node.scrollWidth > node.clientWidth + 1 && style.display !== 'inline' && !node.matches('.scroll')) wrong.push(`${name(node)} is wider than its box: ${node.scrollWidth} > ${node.clientWidth}`);
      const scrolls = /auto|scroll/.test(style.overflowY);
      if (!scrolls && style.overflowY === 'hidden' && node.scrollHeight > node.clientHeight + 1) wrong.push(`${name(node)} is cut off below`);
    }
    return wrong;
  };
  /** Controls and texts that lie on each other although neither holds the other. */
  const overlaps = () => {
    const boxes = all('p, li, h2, label, button, a.call, a.link, textarea, th, td, .label, .status').filter(shown)
      .filter((node) => node.innerText !== '' || node.localName === 'textarea')
      .map((node) => [node, node.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
    const wrong = [];
    for (const [one, a] of boxes) {
      for (const [two, b] of boxes) {
        if (one === two || one.contains(two) || two.contains(one)) continue;
        if (Boolean(one.closest('.log')) !== Boolean(two.closest('.log'))) continue; // the log scrolls under its neighbours
        if (Boolean(one.closest('.bar')) !== Boolean(two.closest('.bar'))) continue; // the bar stays while the rest scrolls
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 1) wrong.push(name(one) + ' and ' + name(two));
      }
    }
    return wrong;
  };
  /** Whether a person can get at the middle of the element: scrolled to, it is the topmost there. */
  const reachable = (selector) => {
    const node = root().querySelector(selector);
    node.scrollIntoView({ block: 'nearest' });
    const box = node.getBoundingClientRect();
    const x = box.left + box.width / 2;
    const y = box.top + box.height / 2;
    if (document.elementFromPoint(x, y) !== host()) return false;
    const top = root().elementFromPoint(x, y);
    return node === top || node.contains(top) || top.contains(node);
  };
  /** Everything that the page's style sheets could have changed: each element's box and computed style. */
  const looks = () => [host(), ...all('*')].map((node) => {
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    const values = Array.from(style).filter((property) => !property.startsWith('--')).map((property) => property + ':' + style.getPropertyValue(property));
    return [name(node), [box.x, box.y, box.width, box.height].map(Math.round).join(' '), ...values];
  });
  const addSheet = (css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root().adoptedStyleSheets = [...root().adoptedStyleSheets, sheet];
  };
  const size = (selector) => parseFloat(getComputedStyle(root().querySelector(selector)).fontSize);
  const style = ([selector, property]) => getComputedStyle(root().querySelector(selector))[property];

  // --- nodes ---
  const markup = () => ({
    names: [...new Set(all('*').map((node) => node.localName))],
    urls: all('a').map((node) => node.getAttribute('href')),
    handlers: all('*').flatMap((node) => node.getAttributeNames().filter((attribute) => attribute.startsWith('on'))),
    inline: all('*').filter((node) => node.hasAttribute('src') || node.hasAttribute('srcdoc')).length,
  });
  return {
    root, active, focused, focusText, lost, watchFocus, told, watchLive, contrasts, edges, focusRing, targets, cut, overlaps, reachable, looks, addSheet, size, style, markup,
    getLost: () => lost, getTold: () => told,
  };
})();
