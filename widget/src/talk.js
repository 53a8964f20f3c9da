// The conversation: what goes to the clinic, what comes back, and what of it stands in the log.
import { h, isPhone, uuid } from './dom.js';
import { Failure, usable } from './api.js';
import { renderFailure, renderReply, replyText } from './reply.js';

const TO_FIELD = [400, 413, 415, 422, 429]; // the message itself is at fault: it goes back to be changed or sent later

export class Talk {
  /** needs: parts, panel, api, state, t, language, change(action) that keeps the focus, write(text) into the field. */
  constructor(needs) {
    Object.assign(this, needs);
    this.tail = Promise.resolve(); // opening, restoring and deleting wait for each other; messages only for these
    this.waiting = 0;
    this.flight = new Map(); // messages under way: their ids and their elements
    this.on = {
      clicked: this.clicked.bind(this),
      pressed: (button) => this.post({ id: uuid(), text: button.title, button: button.id }),
      rate: this.rate.bind(this),
      share: this.share.bind(this),
    };
  }

  // --- the log and the status line ---------------------------------------------------------------------------------

  /** The status line: a sentence, with moving dots while something goes on; empty without a key. */
  say(key, busy) {
    const dots = busy && h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
    this.parts.status.replaceChildren(...[dots, key && this.t(key)].filter(Boolean));
  }

  mine(text) {
    const element = h('div', { class: 'msg me', dir: 'auto', 'data-kind': 'patient' }, h('span', { class: 'hide' }, this.t('you') + ' '), text);
    element.words = this.t('you') + ' ' + text;
    return element;
  }

  /** The nodes of replies; one that cannot be drawn loses its extras, never its text, and never the others. */
  theirs(replies, live) {
    const rated = this.state.get('rated') || [];
    return replies.map((reply) => {
      const options = { t: this.t, language: this.language, on: this.on, live, rated: rated.includes(reply.id), shared: this.state.get('shared') === reply.reference };
      const { id, kind, text } = reply;
      let element;
      try {
        element = renderReply(reply, options);
        element.words = replyText(reply, this.t);
      } catch (error) {
        element = renderReply({ id, kind, text }, options);
        element.words = text;
      }
      if (kind === 'emergency') this.urgent = id;
      return element;
    });
  }

  append(elements, before) {
    const fragment = document.createDocumentFragment();
    fragment.append(...elements);
    this.parts.log.insertBefore(fragment, before || null);
  }

  /** Empty the log, but for messages that are under way. */
  empty() {
    this.change(() => this.parts.log.replaceChildren(...this.flight.values()));
  }

  /** Quick replies stand under the last turn only: away with those there are. */
  retire() {
    this.change(() => this.parts.log.querySelectorAll('.quick').forEach((group) => group.remove()));
  }

  /** While a message is under way they are out of sight; when it fails they come back. */
  hideQuick(hidden) {
    this.change(() => this.parts.log.querySelectorAll('.quick').forEach((group) => { group.hidden = hidden; }));
  }

  safety(level) {
    this.change(() => { this.parts.bar.hidden = level !== 'act'; });
    this.state.set({ safety: level });
  }

  words() {
    return Array.from(this.parts.log.children, (element) => element.words).filter(Boolean).join('\n\n');
  }

  // --- beginning, restoring, deleting ------------------------------------------------------------------------------

  /** Do something with the status line telling that it goes on. */
  async during(key, work) {
    this.waiting += 1;
    this.say(key, true);
    try {
      await work();
    } finally {
      this.waiting -= 1;
      if (!this.waiting && this.parts.status.querySelector('.dots')) this.say();
    }
  }

  /** Do something after what is already under way. */
  turn(work) {
    const done = this.tail.then(work);
    this.tail = done.catch(() => {});
    return done;
  }

  queue(key, work) {
    return this.during(key, () => this.turn(work));
  }

  /** A new session where there is none; its welcome and privacy notice stand ahead of `before`. */
  async session(before) {
    if (this.state.get('token')) return;
    const elements = this.theirs(await this.api.start(), true);
    this.change(() => this.parts.log.querySelectorAll('.unstarted').forEach((box) => box.remove()));
    this.append(elements, before && before.isConnected ? before : null);
  }

  begin() {
    return this.queue('loading', async () => {
      try {
        await this.session(this.parts.log.firstChild);
      } catch (failure) {
        this.failed(failure, 'failedStart', () => this.begin());
      }
    });
  }

  /** The conversation so far, without reading it aloud. */
  restore() {
    return this.queue('loading', async () => {
      const { log } = this.parts;
      try {
        const turns = await this.api.history();
        log.setAttribute('aria-live', 'off');
        this.redraw(turns);
        setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
      } catch (failure) {
        if (failure.status === 401 || failure.status === 404) {
          this.state.set({ token: null, welcome: null });
          this.empty();
          this.safety('none');
          this.begin();
          this.resend([]);
        } else {
          this.failed(failure, 'failedStart', () => this.restore());
        }
      }
    });
  }

  redraw(turns) {
    const { log } = this.parts;
    const replies = (turn) => (turn.from === 'bot' ? usable([].concat(turn.reply)) : []);
    const told = turns.reduce((ids, turn) => ids.concat(replies(turn).map((reply) => reply.id)), []);
    this.empty();
    const before = log.firstChild;
    this.append(this.theirs((this.state.get('welcome') || []).filter((reply) => !told.includes(reply.id))), before);
    for (const turn of turns) {
      if (turn.from === 'patient') {
        this.retire();
        this.append([this.mine(turn.text || '')], before);
      } else {
        this.append(this.theirs(replies(turn)), before);
      }
    }
    this.safety(this.state.get('safety'));
    const mine = log.querySelectorAll('.me');
    const last = mine[mine.length - 1] || log.lastChild;
    if (last) this.panel.reveal(last);
    this.resend(turns);
  }

  /**
   * Messages without an answer when the page went. Those that were under way go out again under their old id, so that none is
   * answered or stored twice; those that had failed wait for the reader as before.
   */
  resend(turns) {
    const last = turns.filter((turn) => turn.from === 'patient').pop();
    for (const message of this.state.get('pending') || []) {
      if (this.flight.has(message.id)) continue;
      if (turns.some((turn) => turn.id === message.id) || (last && last.text === message.text)) this.settle(message);
      else this.show(message, !message.failed);
    }
  }

  remove() {
    return this.queue('loading', async () => {
      let key = 'removed';
      try {
        if (this.state.get('token')) await this.api.remove();
      } catch (failure) {
        if (failure.status !== 401 && failure.status !== 404) {
          this.say('removeFailed');
          return;
        }
        key = 'removedHere';
      }
      this.state.clear();
      this.state.set({ open: true, path: location.pathname });
      this.flight.clear();
      this.empty();
      this.write('');
      this.safety('none');
      this.begin().then(() => this.say(key));
    });
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  /** A new message of the patient's. */
  post(message) {
    this.state.set({ pending: this.pending().concat(message) });
    this.show(message, true);
  }

  show(message, send) {
    const element = this.mine(message.text);
    this.append([element]);
    this.panel.reveal(element);
    if (send) this.deliver(message, element);
    else this.failed(null, 'failed', () => this.deliver(message, element), element);
  }

  pending() {
    return this.state.get('pending') || [];
  }

  settle(message) {
    this.state.set({ pending: this.pending().filter((other) => other.id !== message.id) });
  }

  /** What the next message stands in, after a message and its replies; null for the last one. */
  after(element) {
    let next = element.nextElementSibling;
    while (next && !next.classList.contains('me')) next = next.nextElementSibling;
    return next;
  }

  /** Messages do not wait for each other: words of danger must not stand behind a slow answer. */
  deliver(message, element) {
    this.flight.set(message.id, element);
    this.hideQuick(true);
    this.during('typing', async () => {
      try {
        await this.turn(() => this.session(element));
        this.answered(message, element, await this.api.send(message));
      } catch (failure) {
        if (element.isConnected) this.refused(message, element, failure);
      }
      this.flight.delete(message.id);
    });
  }

  answered(message, element, { replies, safety }) {
    if (!element.isConnected) return; // deleted meanwhile
    const next = this.after(element);
    const elements = this.theirs(next ? replies.map((reply) => ({ ...reply, buttons: [] })) : replies, true);
    this.state.set({ pending: this.pending().filter((other) => other.id !== message.id && !other.failed) });
    if (!next) this.retire();
    this.append(elements, next);
    if (!next || safety === 'act') this.safety(safety);
    this.panel.reveal(safety === 'act' ? elements[0] : element);
  }

  refused(message, element, failure) {
    const { field } = this.parts;
    if (this.flight.size === 1) this.hideQuick(false);
    if (!TO_FIELD.includes(failure.status) || (!message.button && field.value)) {
      this.state.set({ pending: this.pending().map((other) => (other.id === message.id ? { ...other, failed: true } : other)) });
      this.failed(failure, 'failed', () => this.deliver(message, element), element);
      return;
    }
    this.settle(message);
    if (!message.button) this.write(message.text);
    this.failed(failure, 'failed', null, element);
    element.remove();
  }

  /** What went wrong, at the end of the log or under the message that it is about. */
  failed(failure, key, again, element) {
    const retry = again && (() => {
      this.change(() => box.remove());
      again();
    });
    const replies = failure instanceof Failure ? failure.replies : [];
    const box = renderFailure(replies, this.t(key), { t: this.t, on: this.on, retry });
    if (key === 'failedStart') box.classList.add('unstarted');
    this.append([box], element && this.after(element));
    this.panel.reveal(box);
  }

  // --- what is clicked ---------------------------------------------------------------------------------------------

  clicked(url, reply) {
    this.api.event(isPhone(url) ? 'phone_clicked' : 'link_clicked', reply, url);
  }

  async rate(reply, helpful, box) {
    let key = 'thanks';
    try {
      await this.api.feedback(reply.id, helpful);
      this.state.set({ rated: (this.state.get('rated') || []).concat(reply.id) });
    } catch (failure) {
      key = 'feedbackFailed';
    }
    this.change(() => box.replaceChildren(h('p', {}, this.t(key))));
  }

  /** Let staff with the code read the words; when that fails, the question stays. */
  async share({ id, reference }) {
    try {
      await this.api.share(id);
    } catch (failure) {
      this.say('feedbackFailed');
      return;
    }
    this.state.set({ shared: reference });
    this.change(() => this.parts.log.querySelectorAll('.feedback').forEach((box) => {
      if (box.code === reference) box.replaceChildren(h('p', {}, this.t('shared')));
    }));
  }
}
