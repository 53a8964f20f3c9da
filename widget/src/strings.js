// Every word that the widget itself says, one table per language. A missing entry falls back to English.
// {x} is filled in by the caller. What the clinic answers comes from the server, which is told the language.
// Other languages are files of their own, such as widget.es.js: nobody loads words that nobody reads.
export const CLINIC_PHONE = '501.552.3400';
export const CLINIC_TEL = 'tel:+15015523400';
export const REPLY_LANGUAGE = 'en';

export const TABLES = {
  en: {
    launcher: 'Ask about your heart valve',
    title: 'Valve Clinic chat',
    close: 'Close',
    menu: 'Menu',
    copy: 'Copy conversation',
    print: 'Print conversation',
    remove: 'Delete this conversation',
    removeAsk: 'Delete this conversation? This cannot be undone.',
    removeYes: 'Yes, delete it',
    removeNo: 'No, keep it',
    removed: 'The conversation was deleted.',
    removedHere: 'The conversation was cleared from this device.',
    removeFailed: 'The conversation could not be deleted. Please try again.',
    copied: 'The conversation was copied.',
    copyFailed: 'The conversation could not be copied.',
    log: 'Conversation',
    field: 'Type your question',
    send: 'Send',
    left: '{n} characters left',
    full: 'The limit of 500 characters is reached.',
    you: 'You:',
    bot: 'Clinic chat:',
    typing: 'Writing an answer…',
    loading: 'Loading the conversation…',
    choices: 'Choose an answer or a topic',
    more: '{n} more topics',
    source: 'Source:',
    reviewed: 'Reviewed on {date}',
    reference: 'Your reference:',
    newTab: '(opens in a new tab)',
    helpful: 'Was this helpful?',
    yes: 'Yes',
    no: 'No',
    yesLong: 'Yes, this was helpful',
    noLong: 'No, this was not helpful',
    thanks: 'Thank you for telling us.',
    share: 'Share my messages with the clinic',
    shareAsk: 'May staff who have your code read all your messages in this chat?',
    shared: 'Staff who have your code can read all your messages in this chat.',
    feedbackFailed: 'Sorry, that could not be saved.',
    emergency: 'Emergency',
    call911: 'Call 911',
    call911now: 'Emergency? Call 911 now',
    callClinic: 'Call the Valve Clinic: {phone}',
    failed: 'Sorry, we could not get an answer just now. Your question is kept. Please try again, or call the Valve Clinic.',
    failedStart: 'Sorry, the chat could not be reached just now. Please try again, or call the Valve Clinic.',
    in911: 'In an emergency call 911.',
    retry: 'Try again',
    printed: 'Printed on {date}. General information, not medical advice.',
  },
  ...window.valveClinicWords,
};

/** The language that the widget speaks for a wish such as "es-MX": one with a table, else English. */
export function pickLanguage(wish) {
  const primary = String(wish || 'en').toLowerCase().split('-')[0];
  return Object.keys(TABLES).includes(primary) ? primary : 'en';
}

/** A function that gives a string of the language with its {placeholders} filled in. */
export function translator(language) {
  const table = { ...TABLES.en, ...TABLES[language] };
  return (key, values) => table[key].replace(/\{(\w+)\}/g, (all, name) => (values && name in values ? values[name] : all));
}
