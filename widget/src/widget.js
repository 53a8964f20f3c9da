// <valve-clinic-chat>: the clinic's chat on a web page. Opening, closing, focus and menu; see README.md for embedding.
import { pickLanguage, translator } from './strings.js';
import { h, readableOn, uuid } from './dom.js';
import { Api, visitState } from './api.js';
import { Talk } from './talk.js';
import { buildView, LIMIT, Panel } from './view.js';
import { RULES } from './style.js';

const TAG = 'valve-clinic-chat';
const LOW = 100; // characters left when the count appears
const script = document.currentScript;

/** Adopt rules without a style element, as a strict content security policy allows. */
function adopt(place, css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  place.adoptedStyleSheets = [...place.adoptedStyleSheets, sheet];
  return sheet;
}

class ValveClinicChat extends HTMLElement {
  connectedCallback() {
    if (!this.parts) this.build();
    this.panel.watch(true);
    window.addEventListener('pageshow', this.pageShown);
    document.addEventListener('keydown', this.pageKey);
    this.resume();
  }

  disconnectedCallback() {
    this.panel.watch(false);
    window.removeEventListener('pageshow', this.pageShown);
    document.removeEventListener('keydown', this.pageKey);
  }

  build() {
    const options = { ...(script && script.dataset), ...this.dataset };
    const base = new URL(options.endpoint || '.', options.endpoint || !script ? document.baseURI : script.src).href;
    const language = pickLanguage(options.language);
    const t = translator(language);
    const bound = (name) => (event) => this[name](event);
    const shadow = this.attachShadow({ mode: 'open' });
    this.lang = language;
    this.t = t;
    this.startOpen = 'open' in options && options.open !== 'false';
    this.state = visitState();
    this.api = new Api(base.replace(/\/*$/, '/'), this.state, language);
    this.parts = buildView(t, options.title || t('title'), options.position === 'left', {
      open: bound('openByHand'), close: bound('close'), cancel: bound('cancel'), escape: bound('escape'), menu: bound('toggleMenu'),
      copy: bound('copy'), print: bound('print'), askRemove: bound('askRemove'), keep: bound('leaveMenu'), remove: bound('removeAll'),
      key: bound('key'), typed: bound('typed'), submit: bound('submit'), clicked: (url) => this.talk.clicked(url), call911: () => this.talk.clicked('tel:911', this.talk.urgent),
    });
    this.panel = new Panel(this.parts, shadow);
    this.talk = new Talk({
      parts: this.parts, panel: this.panel, api: this.api, state: this.state, t, language, change: bound('change'), write: bound('write'),
    });
    this.pageShown = (event) => { // back to a page that the browser kept: what was said on others belongs here too
      if (!event.persisted) return;
      this.state.load();
      if (this.panel.open && !this.state.get('open')) this.panel.close();
      if (this.loaded) this.talk.restore();
    };
    this.pageKey = bound('escape');
    try {
      adopt(shadow, RULES);
    } catch (error) { // a browser before 2023: plain, but it works
      this.parts.print.hidden = true;
    }
    shadow.append(this.parts.root);
    if (options.colour) this.paint(options.colour);
  }

  /** The accent colour, with black or white on it. A colour that the browser does not know changes nothing. */
  paint(colour) {
    const { root, launcher } = this.parts;
    if (!CSS.supports('color', colour)) return;
    root.style.setProperty('--vc-accent', colour);
    const on = readableOn(getComputedStyle(launcher).backgroundColor);
    if (on) root.style.setProperty('--vc-on', on);
    else root.style.removeProperty('--vc-accent');
  }

  // --- opening and closing -----------------------------------------------------------------------------------------

  /** After the page has loaded: as the reader left it on the page before. */
  resume() {
    const open = this.state.get('open');
    const elsewhere = this.panel.small.matches && this.state.get('path') !== location.pathname; // never cover a page just asked for
    if (open ? !elsewhere : open == null && this.startOpen) this.open(true);
  }

  openByHand() {
    this.open(false);
    this.focusIn();
  }

  open(quiet) {
    this.panel.show(quiet);
    this.state.set({ open: true, path: location.pathname });
    if (this.loaded) return;
    this.loaded = true;
    this.write(this.state.get('draft') || '');
    if (this.state.get('token')) this.talk.restore();
    else this.talk.begin();
  }

  close(event) {
    if (!this.panel.open) return;
    const back = this.shadowRoot.activeElement || event.type === 'click'; // Safari does not focus a clicked button
    this.menu(false);
    this.panel.close();
    this.state.set({ open: false });
    this.api.event('closed');
    if (back) this.parts.launcher.focus();
  }

  cancel(event) {
    event.preventDefault();
    this.close(event);
  }

  /** Esc closes the menu, then the dialog; from the page too, so that the dialog never hides what the keyboard has reached. */
  escape(event) {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || !this.panel.open) return;
    event.preventDefault();
    if (this.parts.menuBox.hidden) this.close(event);
    else this.leaveMenu();
  }

  // --- focus -------------------------------------------------------------------------------------------------------

  /** To the field; on touch screens to the conversation, as the keyboard would cover it. */
  focusIn() {
    (matchMedia('(pointer: coarse)').matches ? this.parts.log : this.parts.field).focus({ preventScroll: true });
  }

  /** Do what may take away or hide the element that has the focus; the focus then goes on. */
  change(action) {
    const had = this.shadowRoot.activeElement;
    action();
    if (had && this.panel.open && !had.getClientRects().length) this.focusIn();
  }

  // --- the field ---------------------------------------------------------------------------------------------------

  key(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) this.submit(event);
  }

  typed() {
    const { field, left } = this.parts;
    const rest = LIMIT - field.value.length;
    left.hidden = rest > LOW;
    left.textContent = this.t('left', { n: rest });
    if (rest <= 0) this.talk.say('full');
    field.style.height = 'auto';
    field.style.height = field.scrollHeight + 4 + 'px'; // 4: its borders
    this.state.set({ draft: field.value });
  }

  write(text) {
    this.parts.field.value = text;
    this.typed();
  }

  submit(event) {
    event.preventDefault();
    const { field } = this.parts;
    const text = field.value.trim();
    if (text) {
      this.write('');
      this.talk.post({ id: uuid(), text });
    }
    field.focus({ preventScroll: true });
  }

  // --- the menu ----------------------------------------------------------------------------------------------------

  menu(open) {
    const { menu, menuBox, items, confirm } = this.parts;
    menu.setAttribute('aria-expanded', String(open));
    menuBox.hidden = !open;
    items.hidden = false;
    confirm.hidden = true;
  }

  toggleMenu() {
    this.menu(this.parts.menuBox.hidden);
  }

  leaveMenu() {
    this.menu(false);
    this.parts.menu.focus();
  }

  askRemove() {
    this.parts.items.hidden = true;
    this.parts.confirm.hidden = false;
    this.parts.removeNo.focus();
  }

  removeAll() {
    this.menu(false);
    this.focusIn();
    this.talk.remove();
  }

  async copy() {
    let key = 'copied';
    try {
      await navigator.clipboard.writeText(this.talk.words()); // there on https: pages only
    } catch (error) {
      key = 'copyFailed';
    }
    this.leaveMenu();
    this.talk.say(key);
  }

  /** The conversation alone on paper: the page around it steps aside while it is printed. */
  print() {
    this.leaveMenu();
    const { log } = this.parts;
    const sheet = adopt(document, `@media print{body *:not(${TAG}):not(:has(${TAG})){display:none!important}}`);
    const note = h('p', { class: 'msg printed' }, this.t('printed', { date: new Date().toLocaleDateString(this.lang) }));
    this.setAttribute('data-print', '');
    log.setAttribute('aria-live', 'off');
    log.append(note);
    window.addEventListener('afterprint', () => {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets].filter((other) => other !== sheet);
      this.removeAttribute('data-print');
      note.remove();
      log.setAttribute('aria-live', 'polite');
    }, { once: true });
    window.print();
  }
}

/** Put the chat on the page, unless the page's author has placed it or it is there already. */
function mount() {
  if (!document.querySelector(TAG)) document.body.append(document.createElement(TAG));
}

if (!customElements.get(TAG)) {
  customElements.define(TAG, ValveClinicChat);
  if (document.body) mount();
  else document.addEventListener('DOMContentLoaded', mount);
}
