// @ts-check
// Small pictures on buttons, drawn in the colour of their text.

/** Strokes on a field of 24 by 24. */
const STROKES = {
  pin: 'M9 3h6l-1 7 4 3v2H6v-2l4-3zM12 15v6',
  rename: 'M4 20l1-5L16 4l4 4L9 19z M14 6l4 4',
  pause: 'M8 5v14M16 5v14',
  resume: 'M8 5l11 7-11 7z',
  remove: 'M6 6l12 12M18 6L6 18',
  details: 'M12 11v6M12 7v.5M12 3a9 9 0 1 0 .01 0z',
  take: 'M12 20V8M7 12l5-5 5 5M5 4h14',
  undo: 'M9 6L4 11l5 5M4 11h10a5 5 0 0 1 0 10h-3',
  redo: 'M15 6l5 5-5 5M20 11H10a5 5 0 0 0 0 10h3',
  keyboard: 'M3 7h18v11H3zM7 11h.5M11 11h.5M15 11h.5M8 15h8',
};

/** @param {keyof typeof STROKES} name */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', STROKES[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that is a picture; its name is read out and shown when pointed at.
 * @param {keyof typeof STROKES} picture
 * @param {string} name
 * @param {() => void} onClick
 */
export function iconButton(picture, name, onClick) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'icon-button small';
  button.append(icon(picture));
  nameButton(button, name);
  button.addEventListener('click', onClick);
  return button;
}

/** @param {HTMLButtonElement} button @param {string} name @param {keyof typeof STROKES} [picture] */
export function nameButton(button, name, picture) {
  if (button.title === name) return;
  button.title = name;
  button.setAttribute('aria-label', name);
  if (picture) button.replaceChildren(icon(picture));
}
