// @ts-check
// Light or dark: the system's choice unless the visitor made one.

const KEY = 'catholyte-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

/** Is the page dark now? */
export const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : system.matches);

/**
 * Wires the button that switches, and tells of every change.
 * @param {HTMLButtonElement} button
 * @param {() => void} onChange
 */
export function setUpTheme(button, onChange) {
  const show = () => {
    const next = isDark() ? 'light' : 'dark';
    button.setAttribute('aria-label', `Switch to ${next} colours`);
    button.title = `Switch to ${next} colours`;
    onChange();
  };
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') root.dataset.theme = kept;
  } catch {
    // Storage may be switched off; then the choice lasts as long as the page.
  }
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, root.dataset.theme);
    } catch {
      // As above.
    }
    show();
  });
  system.addEventListener('change', show);
  show();
}
