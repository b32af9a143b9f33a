// @ts-check
// A segmented volume from a file: by button or by drop, with the phases of its labels asked for in a dialog.

import { byId, debounce, element } from '../dom.js';
import { SimulatorError } from '../simulator.js';
import { RawFields } from './raw.js';

/** @typedef {import('../messages.js').Volume} Volume */
/** @typedef {import('../messages.js').FileSummary} FileSummary */
/** @typedef {import('./slices.js').PhaseStyle} PhaseStyle */

/** More labels than this get one phase together: they number particles. */
const MOST_ROWS = 10;

/** Typing in a shape is not followed key by key [ms]. */
const QUIET_MS = 150;

/** @typedef {{first: number, last: number, voxels: number, phase: string, select: HTMLSelectElement}} Row */

export class Import {
  #dialog = /** @type {HTMLDialogElement} */ (byId('import'));
  #input = /** @type {HTMLInputElement} */ (byId('import-file'));
  #voxel = /** @type {HTMLInputElement} */ (byId('import-voxel'));
  #take = /** @type {HTMLButtonElement} */ (byId('import-take'));
  #raw = new RawFields(debounce(QUIET_MS, () => void this.#read()));
  /** What the dialog is about. @type {File | null} */
  #file = null;
  /** Counts readings: only the latest is shown. */
  #reading = 0;
  /** @type {Row[]} */
  #rows = [];
  #key = 0;

  /**
   * @param {import('../simulator.js').Simulator} simulator
   * @param {() => PhaseStyle[]} styles
   * @param {(volume: Volume) => Promise<void>} onTake makes the structure; fails with what is wrong with it
   * @param {() => void} onRelease back to the builder
   */
  constructor(simulator, styles, onTake, onRelease) {
    this.simulator = simulator;
    this.styles = styles;
    this.onTake = onTake;
    byId('open-file').addEventListener('click', () => this.#input.click());
    this.#input.addEventListener('change', () => {
      const [file] = this.#input.files ?? [];
      // The same file may be chosen again.
      this.#input.value = '';
      if (file) void this.open(file);
    });
    byId('import-cancel').addEventListener('click', () => this.#dialog.close());
    byId('import-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    byId('release').addEventListener('click', onRelease);
    this.#watchDrops();
  }

  /** Says where the structure comes from. @param {Volume | null} volume @param {import('../messages.js').Grid | null} grid */
  show(volume, grid) {
    byId('imported').hidden = volume === null;
    if (!volume || !grid) return;
    byId('imported-name').textContent = volume.file.name;
    byId('imported-size').textContent = `${grid.size.join(' × ')} voxels of ${grid.voxel_um} µm in place of the builder. Masses, electrode and grains of the recipe are not used.`;
  }

  /** @param {File} file */
  async open(file) {
    this.#file = file;
    byId('import-heading').textContent = file.name;
    this.#raw.ask(file);
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#read();
  }

  async #read() {
    const file = this.#file;
    if (!file) return;
    const reading = ++this.#reading;
    byId('import-size').textContent = 'Reading the file …';
    byId('import-fields').hidden = true;
    this.#take.disabled = true;
    this.#complain(null);
    try {
      const summary = await this.simulator.read(file, this.#raw.layout());
      if (reading === this.#reading) this.#ask(summary);
    } catch (error) {
      if (reading !== this.#reading) return;
      byId('import-size').textContent = '';
      this.#complain(error);
    }
  }

  /** @param {FileSummary} summary */
  #ask({ size, labels }) {
    const total = labels.reduce((sum, { voxels }) => sum + voxels, 0);
    byId('import-size').textContent = `${size.join(' × ')} voxels along x, y, z, the last from the separator to the current collector.`;
    const single = labels.length <= MOST_ROWS ? labels : labels.slice(0, MOST_ROWS - 1);
    const rest = labels.slice(single.length);
    const groups = single.map(({ label, voxels, phase }) => ({ first: label, last: label, voxels, phase }));
    if (rest.length) {
      const voxels = rest.reduce((sum, row) => sum + row.voxels, 0);
      groups.push({ first: rest[0].label, last: rest[rest.length - 1].label, voxels, phase: rest[0].phase });
    }
    this.#rows = groups.map((group) => ({ ...group, select: this.#select(group) }));
    byId('import-labels')
      .querySelector('tbody')
      ?.replaceChildren(
        ...this.#rows.map(({ voxels, select, ...group }) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, nameOf(group)),
            element('td', {}, `${((100 * voxels) / total).toFixed(2)} %`),
            element('td', {}, select),
          ),
        ),
      );
    byId('import-fields').hidden = false;
    this.#take.disabled = false;
    // Whoever types in a shape goes on typing there.
    if (!this.#raw.layout()) this.#voxel.select();
  }

  /** @param {{first: number, last: number, phase: string}} group */
  #select(group) {
    const select = element(
      'select',
      { 'aria-label': `Phase of label ${nameOf(group)}` },
      ...this.styles().map((style) => element('option', { value: style.key }, style.label)),
    );
    select.value = group.phase;
    return select;
  }

  async #submit() {
    if (!this.#file) return;
    const labels = this.#rows.map(({ first, last, select }) => `${first}-${last}=${select.value}`).join(',');
    this.#complain(null);
    this.#take.disabled = true;
    try {
      await this.onTake({ key: ++this.#key, file: this.#file, raw: this.#raw.layout(), labels, voxel_um: this.#voxel.valueAsNumber });
      this.#dialog.close();
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#take.disabled = false;
    }
  }

  /** @param {unknown} error null takes the message away */
  #complain(error) {
    const box = byId('import-error');
    box.hidden = error === null;
    if (error === null) return;
    if (!(error instanceof SimulatorError)) throw error;
    box.textContent = `${error.failure.message} ${error.failure.hint}`;
  }

  #watchDrops() {
    const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') ?? false;
    const mark = (/** @type {boolean} */ on) => document.body.classList.toggle('dropping', on);
    document.addEventListener('dragover', (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      mark(true);
    });
    document.addEventListener('dragleave', (event) => event.relatedTarget === null && mark(false));
    document.addEventListener('drop', (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      mark(false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) void this.open(file);
    });
  }
}

/** @param {{first: number, last: number}} group */
const nameOf = ({ first, last }) => (first === last ? String(first) : `${first} to ${last}`);
