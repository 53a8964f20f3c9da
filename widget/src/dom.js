// Small helpers for building nodes. Text goes in as text nodes only: nothing here parses HTML.

/** An element with attributes (null and false leave one out, functions become listeners) and children (strings become text). */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const PATHS = {
  chat: 'M12 3C6.5 3 2 6.8 2 11.5c0 2.5 1.3 4.8 3.4 6.3L4.5 22l4.6-2.3c.9.2 1.9.3 2.9.3 5.5 0 10-3.8 10-8.5S17.5 3 12 3zm0 12.5-3.6-3.3c-2.5-2.5.9-6.6 3.6-3.3 2.7-3.3 6.1.8 3.6 3.3z',
  phone: 'M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2c.3-.3.7-.4 1-.2 1.1.4 2.3.6 3.6.6.6 0 1 .4 1 1V20c0 .6-.4 1-1 1A17 17 0 0 1 3 4c0-.6.4-1 1-1h3.5c.6 0 1 .4 1 1 0 1.2.2 2.4.6 3.6.1.3 0 .7-.3 1z',
  alert: 'M12 2 1 21h22zm1 16h-2v-2h2zm0-4h-2V9h2z',
};

/** The value when it is a list, else an empty one. */
export const list = (value) => (Array.isArray(value) ? value : []);

/** A decorative picture in the colour of its text. */
export function icon(name) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const path = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** The address as given when it is https:, tel:, sms: or a path of this site; null for anything else. */
export function safeUrl(url) {
  if (typeof url !== 'string') return null;
  try {
    const parsed = new URL(url, location.origin);
    if (url[0] === '/') return parsed.origin === location.origin ? url : null;
    return /^(https|tel|sms):/i.test(url) && /^(https|tel|sms):$/.test(parsed.protocol) ? url : null;
  } catch (error) {
    return null;
  }
}

export const isPhone = (url) => /^(tel|sms):/i.test(url);

/** A random UUID, version 4. (crypto.randomUUID exists in secure contexts only.) */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Black or white, whichever reads better on the colour (always 4.5:1 or more), or null for a colour that is not plain rgb. */
export function readableOn(colour) {
  const match = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour);
  if (!match) return null;
  const [red, green, blue] = match.slice(1).map((part) => {
    const value = part / 255;
    return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#fff' : '#000';
}
