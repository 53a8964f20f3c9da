// The HTTP contract of the website channel, and what is kept in this tab between pages.

import { list } from './dom.js';

const TIMEOUT = 8000;
const KEY = 'valve-clinic-chat';

/** A call without a usable answer. status 0: the network failed or took too long. */
export class Failure extends Error {
  constructor(status, replies) {
    super('call failed: ' + status);
    this.status = status;
    this.replies = replies;
  }
}

/** State of this visit in sessionStorage (never localStorage: computers are shared); memory only where storage is blocked. */
export function visitState() {
  let data = {};
  const load = () => {
    try {
      data = JSON.parse(sessionStorage.getItem(KEY)) || {};
    } catch (error) { /* blocked or damaged: as it is in memory */ }
  };
  load();
  return {
    load,
    get: (name) => data[name],
    set(values) {
      Object.assign(data, values);
      try {
        sessionStorage.setItem(KEY, JSON.stringify(data));
      } catch (error) { /* blocked or full: memory only */ }
    },
    clear() {
      data = {};
      try {
        sessionStorage.removeItem(KEY);
      } catch (error) { /* blocked: nothing was stored */ }
    },
  };
}

/** The replies that can be shown. */
export const usable = (replies) =>
  list(replies).filter((reply) => reply && typeof reply.text === 'string');

export class Api {
  /** language: of the reader's side; English is not said, so that any server understands. */
  constructor(base, state, language) {
    this.base = base;
    this.state = state;
    this.spoken = language === 'en' ? undefined : { language };
  }

  /** One call: the parsed body, or a Failure with the notices that the server sent. */
  async call(method, path, body, keepalive) {
    const headers = {};
    const token = this.state.get('token');
    if (method === 'POST') headers['Content-Type'] = 'application/json';
    if (path !== 'session') headers.Authorization = 'Bearer ' + token;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT);
    let status = 0;
    let data;
    try {
      const response = await fetch(this.base + path, {
        method, headers, keepalive, credentials: 'omit', cache: 'no-store', signal: abort.signal,
        body: body && JSON.stringify(body),
      });
      const text = await response.text();
      status = response.status;
      data = Object(text && JSON.parse(text));
    } catch (error) {
      throw new Failure(status, []);
    } finally {
      clearTimeout(timer);
    }
    if (status >= 200 && status < 300) return data;
    throw new Failure(status, usable(data.replies));
  }

  /** A new session: its welcome replies. */
  async start() {
    const data = await this.call('POST', 'session', this.spoken);
    const replies = usable(data.replies);
    if (typeof data.session !== 'string' || !replies.length) throw new Failure(0, []);
    this.state.set({ token: data.session, welcome: replies, safety: 'none' });
    return replies;
  }

  /** A new session in place of one that has run out; one for all messages that were under way. */
  renew() {
    const done = () => { this.renewal = null; };
    if (!this.renewal) {
      this.renewal = this.start();
      this.renewal.then(done, done);
    }
    return this.renewal;
  }

  /** Send a message. On 401 get a new session and send once more; buttons belong to the old session, so their words go instead. */
  async send(message) {
    const { id, text, button } = message;
    const token = this.state.get('token');
    let data;
    try {
      data = await this.call('POST', 'messages', { id, button, text: button ? undefined : text, ...this.spoken });
    } catch (failure) {
      if (failure.status !== 401) throw failure;
      if (this.state.get('token') === token) await this.renew();
      data = await this.call('POST', 'messages', { id, text, ...this.spoken });
    }
    const replies = usable(data.replies);
    if (!replies.length) throw new Failure(200, []);
    return { replies, safety: data.safety };
  }

  async history() {
    const data = await this.call('GET', 'history');
    return list(data.turns);
  }

  feedback(reply, helpful) {
    return this.call('POST', 'feedback', { reply, helpful });
  }

  share(reply) {
    return this.call('POST', 'share', { reply });
  }

  /** Tell what was clicked; nobody waits for it and its failure is nobody's concern. */
  event(event, reply, target) {
    if (this.state.get('token')) this.call('POST', 'events', { event, reply, target }, true).catch(() => {});
  }

  remove() {
    return this.call('DELETE', 'conversation');
  }
}
