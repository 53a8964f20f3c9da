// A small stand-in for the server, for trying the widget out: node test/mock.mjs [port]; then open http://127.0.0.1:8099/
// Words that make it misbehave: "fail" (503), "empty" (200 []), "slow" (no answer for 10 s), "fast" (429), "expire" (401 once), "drop" (cut off).
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

const here = new URL('..', import.meta.url);
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; require-trusted-types-for 'script'";
const FILES = {
  '/': ['demo/index.html', 'text/html'],
  '/webhooks/website/widget/demo.css': ['demo/demo.css', 'text/css'],
  '/webhooks/website/widget.js': ['dist/widget.js', 'text/javascript'],
};
const sessions = new Map();
export const calls = []; // what the widget sent

const say = (kind, text, more = {}) => ({
  id: randomUUID(), kind, topic: null, variant: null, text, buttons: [], links: [], source: null, reference: null, table: null, ...more,
});
const button = (title, topic = null) => ({ id: randomUUID(), title, topic });
const phone = { title: 'Call the Valve Clinic: 501.552.3400', url: 'tel:+15015523400' };
const notice = () => say('notice', 'The chat cannot answer now. Call the Valve Clinic at 501.552.3400. In an emergency call 911.');
const source = { name: 'American Heart Association, Heart valve surgery recovery', url: 'https://www.heart.org/en/valves', date: '2024-05-14', reviewed: null };

function welcome() {
  return [
    say('chitchat', 'Hello. I can answer general questions about mitral valve regurgitation and its treatment.', {
      buttons: ['What is mitral regurgitation?', 'What is MitraClip?', 'How long is recovery?', 'Make an appointment'].map((title) => button(title)),
    }),
    say('notice', 'This is an automated chat, not a person. It cannot give medical advice. Please do not type your name, birth date or health details.\n\nIn an emergency call 911.'),
  ];
}

/** The replies to a text and the safety level that goes with them. */
function answer(text) {
  const has = (...words) => words.some((word) => text.toLowerCase().includes(word));
  if (has('empty')) return [[], 'none'];
  if (has('chest')) return [[say('emergency', 'Call 911 now. Do not drive yourself.\n\nDo not wait for an answer here.', { links: [{ title: 'Call 911', url: 'tel:911' }] })], 'act'];
  if (has('die', 'suicid')) return [[say('crisis', 'You are not alone. Talk to someone now.', { links: [{ title: 'Call 988', url: 'tel:988' }, { title: 'Text 988', url: 'sms:988' }] })], 'none'];
  if (has('dizzy')) return [[say('check', 'If this is happening now, call 911.', { buttons: [button('Yes, it is happening now'), button('No, I want to know about it')] }), say('answer', 'Some people feel dizzy when the valve leaks.', { topic: 'ask_symptoms', source })], 'check'];
  if (has('swollen')) return [[say('same_day', 'Call your care team today.', { links: [phone] })], 'none'];
  if (has('appointment')) return [[say('answer', 'Appointments are made by phone.', { topic: 'book_appointment', source: { ...source, url: null, date: 'undated copy of the page' } }), say('handoff', 'Call the Valve Clinic. Please have ready:\n- your name and date of birth\n- your insurance or Medicare card\n- a list of your medicines', { links: [phone], reference: 'VC-4821' })], 'none'];
  if (has('unsure')) return [[say('clarify', 'Did you mean one of these?', { buttons: [button('How long is recovery?', 'ask_recovery_time'), button('What are the risks?', 'ask_risks'), button('Something else')] })], 'none'];
  if (has('dose')) return [[say('advice_declined', 'I cannot say what dose is right for you. Your own doctor can.', { links: [phone] })], 'none'];
  if (has('table')) return [[say('answer', 'Both ways treat the leak.', { source, table: { caption: 'MitraClip and surgery', head: ['', 'MitraClip', 'Surgery'], rows: [['Chest opened', 'No', 'Usually'], ['Hospital stay', '2 to 3 days', '3 to 7 days']] } })], 'none'];
  if (has('evil')) return [[say('weird', '<b>bold</b> [x](javascript:alert(1))', { links: [{ title: 'bad', url: 'javascript:alert(1)' }, { title: 'bad too', url: '//evil.example' }, { title: 'page', url: '/visit' }] }), say('answer', 'A table that is broken.', { table: { head: ['a'], rows: [null] } })], 'none'];
  return [[say('answer', 'After MitraClip, people usually leave the hospital within 2 to 3 days. Yours may be a shorter or longer stay.\n\nValve surgery takes longer to heal from: about 4 to 8 weeks.\n\nAsk your team before you drive, lift heavy things or go back to work.', {
    topic: 'ask_recovery_time', source: has('signed') ? { ...source, reviewed: '2026-11-20' } : source,
    buttons: [button('What may I feel afterwards?'), button('What check-ups follow?'), button('What results can I expect?')],
  })], 'none'];
}

function api(method, path, session, body) {
  if (method === 'POST' && path === 'session') {
    const token = randomUUID();
    const replies = welcome();
    sessions.set(token, { turns: replies.map((reply) => ({ id: reply.id, from: 'bot', reply, at: '' })), seen: new Map(), buttons: replies.flatMap((reply) => reply.buttons) });
    return [201, { session: token, replies }];
  }
  if (!session) return [401, { error: { code: 'no_session' }, replies: [notice()] }];
  if (path === 'history') return [200, { turns: session.turns }];
  if (path === 'feedback' || path === 'events') return [204];
  if (method === 'DELETE') return [204];
  if (session.seen.has(body.id)) return [200, session.seen.get(body.id)];
  const text = body.text || (session.buttons.find((item) => item.id === body.button) || {}).title;
  if (!text) return [422, { error: { code: 'empty' }, replies: [notice()] }];
  if (text.includes('fail')) return [503, { error: { code: 'unavailable' }, replies: [notice()] }];
  if (text.includes('fast')) return [429, { error: { code: 'too_fast' }, replies: [say('notice', 'You are writing very fast. Please wait a moment. Or call the clinic at 501.552.3400. In an emergency call 911.')] }];
  const [replies, safety] = answer(text);
  session.buttons.push(...replies.flatMap((reply) => reply.buttons));
  session.turns.push({ id: body.id, from: 'patient', text, at: '' }, ...replies.map((reply) => ({ id: reply.id, from: 'bot', reply, at: '' })));
  session.seen.set(body.id, { replies, safety });
  return [200, { replies, safety }];
}

export const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  const file = FILES[path] || (path.startsWith('/page') && FILES['/']);
  if (file) {
    response.writeHead(200, { 'Content-Type': file[1] + '; charset=utf-8', 'Content-Security-Policy': CSP });
    return response.end(readFileSync(new URL(file[0], here)));
  }
  if (!path.startsWith('/webhooks/website/')) return response.writeHead(404).end();
  let raw = '';
  for await (const chunk of request) raw += chunk;
  const name = path.replace('/webhooks/website/', '');
  const token = (request.headers.authorization || '').replace('Bearer ', '');
  const body = raw ? JSON.parse(raw) : {};
  calls.push({ method: request.method, path: name, body, token });
  if (body.text === 'drop') return request.socket.destroy();
  if (body.text && body.text.includes('slow')) await new Promise((done) => setTimeout(done, 10000));
  if (body.text === 'expire' && !calls.includes('expired') && sessions.delete(token)) calls.push('expired');
  const [status, data] = api(request.method, name, sessions.get(token), body);
  if (request.method === 'DELETE') sessions.delete(token);
  response.writeHead(status, { 'Content-Type': 'application/json' });
  return response.end(data && JSON.stringify(data));
});

if (process.argv[1] === new URL(import.meta.url).pathname) {
  server.listen(+process.argv[2] || 8099, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
}
