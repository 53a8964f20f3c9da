// One reply of the clinic's, as nodes. Nothing is trusted: unknown kinds are plain, links are checked, text stays text.
import { CLINIC_PHONE, CLINIC_TEL, REPLY_LANGUAGE } from './strings.js';
import { h, icon, isPhone, list, safeUrl } from './dom.js';

const KINDS = ['answer', 'clarify', 'handoff', 'emergency', 'crisis', 'check', 'same_day', 'advice_declined', 'chitchat', 'notice'];

// More buttons than MANY are put away behind the first FEW.
const MANY = 8;
const FEW = 6;

/** Paragraphs are separated by a blank line; lines that start with "- " are a list. */
function paragraphs(text) {
  const nodes = [];
  for (const block of text.trim().split(/\n\s*\n/)) {
    let lines = [];
    let items = null;
    const flush = () => {
      if (lines.length) nodes.push(h('p', {}, lines.join('\n')));
      lines = [];
    };
    for (const line of block.split('\n')) {
      if (/^\s*- /.test(line)) {
        flush();
        if (!items) nodes.push((items = h('ul', { role: 'list' })));
        items.append(h('li', {}, line.replace(/^\s*- /, '')));
      } else {
        items = null;
        lines.push(line);
      }
    }
    flush();
  }
  return nodes;
}

function table(data) {
  const element = h('table', {},
    h('caption', {}, data.caption || ''),
    h('thead', {}, h('tr', {}, ...data.head.map((cell) => (cell ? h('th', { scope: 'col' }, String(cell)) : h('td'))))),
    h('tbody', {}, ...data.rows.map((row) =>
      h('tr', {}, ...row.map((cell, column) => h(column ? 'td' : 'th', column ? {} : { scope: 'row' }, String(cell)))))));
  return h('div', { class: 'scroll', role: 'group', 'aria-label': data.caption, tabindex: '0' }, element);
}

/** 2026-11-22 in the reader's words; anything else as it came. */
function date(value, language) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  if (!parts) return value;
  return new Date(+parts[1], parts[2] - 1, +parts[3])
    .toLocaleDateString(language === 'en' ? 'en-US' : language, { year: 'numeric', month: 'long', day: 'numeric' });
}

/** A link that may be followed, as a button for phones; null for an address that may not. `clicked(url)` is told. */
export function link(t, title, url, clicked, className) {
  if (!safeUrl(url)) return null;
  const phone = isPhone(url);
  const away = !phone && url[0] !== '/' && new URL(url).origin !== location.origin;
  return h('a', {
    href: url, class: className || (phone ? 'call' : 'link'), click: () => clicked(url),
    target: away && '_blank', rel: away && 'noopener noreferrer',
  }, phone && icon('phone'), h('span', {}, title || url, away && h('span', { class: 'hide' }, ' ' + t('newTab'))),
  away && h('span', { 'aria-hidden': 'true' }, '\u00a0\u2197'));
}

function source(t, language, from, clicked) {
  const url = from.url && link(t, from.name, from.url, clicked, 'inline');
  return h('p', { class: 'source' }, t('source') + ' ', url || h('span', {}, from.name || ''),
    from.date && ', ' + date(String(from.date), language),
    from.reviewed && h('span', { class: 'reviewed' }, t('reviewed', { date: date(String(from.reviewed), language) })));
}

function feedback(t, rate) {
  const box = h('div', { class: 'feedback', role: 'group', 'aria-label': t('helpful') });
  const button = (key, helpful) => h('button', {
    type: 'button', class: 'small', 'aria-label': t(key + 'Long'), 'data-helpful': String(helpful),
    click: () => rate(helpful, box),
  }, t(key));
  box.append(h('span', { 'aria-hidden': 'true' }, t('helpful')), button('yes', true), button('no', false));
  return box;
}

/** Lets staff who have the code read the words: asks first, and says so once it is done. */
function sharing(t, reply, shared, share) {
  const box = h('div', { class: 'feedback', role: 'group', 'aria-label': t('share') });
  const button = (key, click) => h('button', { type: 'button', class: 'small', click }, t(key));
  const ask = button('share', () => {
    box.replaceChildren(h('p', {}, t('shareAsk')), button('yes', () => share(reply)), no);
    no.focus();
  });
  const no = button('no', () => {
    box.replaceChildren(ask);
    ask.focus();
  });
  box.code = reply.reference;
  box.append(shared ? h('p', {}, t('shared')) : ask);
  return box;
}

/**
 * The nodes of a reply.
 * on: {clicked(url, reply id), pressed(button), rate(reply, helpful, box), share(reply)}.
 * rated: the reader has said whether it helped; shared: the words are shared under the reply's code.
 * live: the reply has just come; a restored one must not be announced.
 */
export function renderReply(reply, { t, language, on, live, rated, shared }) {
  const kind = KINDS.includes(reply.kind) ? reply.kind : 'notice';
  const clicked = (url) => on.clicked(url, reply.id);
  let links = list(reply.links).filter(Boolean);
  const nodes = [h('span', { class: 'hide' }, t('bot') + ' ')];
  const body = h('div', { class: 'body', lang: reply.language || REPLY_LANGUAGE }, ...paragraphs(reply.text));
  if (kind === 'emergency') {
    const given = links.find((item) => item.url === 'tel:911');
    links = links.filter((item) => item !== given);
    nodes.push(h('p', { class: 'label' }, icon('alert'), t('emergency')), body,
      link(t, given ? given.title : t('call911'), 'tel:911', clicked, 'call now'));
  } else {
    nodes.push(body);
  }
  const wide = reply.table && list(reply.table.rows).length;
  if (wide) body.append(table(reply.table));
  if (reply.reference && !reply.text.includes(reply.reference)) {
    nodes.push(h('p', { class: 'reference' }, t('reference') + ' ', h('b', {}, reply.reference)));
  }
  const anchors = links.map((item) => link(t, item.title, item.url, clicked)).filter(Boolean);
  if (anchors.length) nodes.push(h('div', { class: 'links' }, ...anchors));
  if (kind === 'answer' && reply.source) nodes.push(source(t, language, reply.source, clicked));
  if (kind === 'answer' && !rated) nodes.push(feedback(t, (helpful, box) => on.rate(reply, helpful, box)));
  if (reply.reference) nodes.push(sharing(t, reply, shared, on.share));
  const element = h('div', { class: 'msg bot ' + kind + (wide ? ' wide' : ''), 'data-kind': kind, 'data-id': reply.id, role: live && kind === 'emergency' && 'alert' },
    ...nodes);
  const buttons = list(reply.buttons).filter((item) => item && item.id && item.title);
  if (buttons.length) {
    const made = buttons.map((item) => h('button', { type: 'button', class: 'choice', 'data-button': item.id, click: () => on.pressed(item) }, item.title));
    const rest = made.length > MANY ? made.splice(FEW) : [];
    element.append(h('div', { class: 'quick', role: 'group', 'aria-label': t('choices') }, ...made,
      rest[0] && h('details', {}, h('summary', { class: 'choice' }, t('more', { n: rest.length })), h('div', { class: 'quick' }, ...rest))));
  }
  return element;
}

/** The words of a reply for the clipboard. */
export function replyText(reply, t) {
  const rows = list(reply.table && reply.table.rows).map((row) => row.join(' | '));
  const links = list(reply.links).filter((item) => item && safeUrl(item.url)).map((item) => `${item.title}: ${item.url}`);
  const from = reply.source && [`${t('source')} ${[reply.source.name, reply.source.date, reply.source.url].filter(Boolean).join(', ')}`];
  return [t('bot') + ' ' + reply.text].concat(rows, links, reply.reference ? [`${t('reference')} ${reply.reference}`] : [], from || []).join('\n');
}

/** What went wrong, in words, with the clinic's phone and a way to try again. */
export function renderFailure(replies, fallback, { t, on, retry }) {
  const text = replies.map((reply) => reply.text).join('\n\n') || fallback;
  const given = replies.reduce((all, reply) => all.concat(list(reply.links)), []);
  const links = given.filter((item) => item && item.url !== CLINIC_TEL);
  return h('div', { class: 'msg bot failure', role: 'alert', 'data-kind': 'failure' },
    h('div', { class: 'body', lang: replies.length ? REPLY_LANGUAGE : null }, ...paragraphs(text), !text.includes('911') && h('p', {}, h('b', {}, t('in911')))),
    h('div', { class: 'links' },
      link(t, t('callClinic', { phone: CLINIC_PHONE }), CLINIC_TEL, on.clicked),
      ...links.map((item) => link(t, item.title, item.url, on.clicked))),
    retry && h('button', { type: 'button', class: 'retry', click: retry }, t('retry')));
}
