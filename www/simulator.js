// @ts-check
// The page's side of all computing: a pool of workers. One cathode is *shown*: its structure is built, cut, drawn and discharged
// in a worker that does nothing else: a knob that is turned must wait for no other work. Other discharges queue up as jobs for a crew of
// workers. A discharge that is shown no more keeps its worker to its end. Sketches have a worker of their own.

import { WorkerClient } from './worker-client.js';

export { Pause, SimulatorError, isAbort, isGone } from './worker-client.js';

/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {import('./messages.js').Failure} Failure */
/** @typedef {import('./messages.js').Volume} Volume */
/** @typedef {import('./worker-client.js').RequestOptions} RequestOptions */
/** @typedef {import('./worker-client.js').Progress} Progress */

/**
 * @typedef {object} Job
 * @property {number} slot
 * @property {Recipe} recipe
 * @property {RequestOptions} options
 * @property {(result: import('./messages.js').Summary) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** Somebody to do jobs, one at a time; the worker is started when first needed. @typedef {{client: WorkerClient | null, busy: boolean}} Hand */

/** The slot of what is shown in its worker. */
const SHOWN = 0;

/** As many as leave a core to what is shown and to the page. */
const crewSize = () => Math.min(Math.max((navigator.hardwareConcurrency || 2) - 1, 1), 3);

export class Simulator {
  /** @type {WorkerClient | null} */
  #main = null;
  /** @type {WorkerClient | null} */
  #sketcher = null;
  /** @type {Hand[]} */
  #crew = Array.from({ length: crewSize() }, () => ({ client: null, busy: false }));
  /** Workers whose discharge is shown no more, and goes on. @type {Set<WorkerClient>} */
  #left = new Set();
  #lastSlot = SHOWN;
  /** @type {Job[]} */
  #queue = [];
  #resting = false;

  /**
   * @param {WebAssembly.Module} module compiled once for all workers
   * @param {(crash: Failure | null) => void} [onLost] told when the shown structure is gone with its worker, and of every crash there
   */
  constructor(module, onLost = () => {}) {
    this.module = module;
    this.onLost = onLost;
  }

  /** Starts the worker that is asked first before there is anything to do. */
  warm() {
    return (this.#sketcher ??= new WorkerClient(this.module, () => {}));
  }

  /**
   * Builds the structure of a recipe, or takes that of a file, and shows it.
   * @param {Recipe} recipe
   * @param {Volume | null} volume
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Report>}
   */
  build(recipe, volume, options) {
    return this.#first().send({ kind: 'build', slot: SHOWN, recipe, volume }, options);
  }

  /**
   * What a recipe's structure looks like, at once: from a worker that does nothing else.
   * @param {Recipe} recipe
   * @returns {Promise<import('./messages.js').Sketch>}
   */
  sketch(recipe) {
    return this.warm().send({ kind: 'sketch', slot: 0, recipe });
  }

  /**
   * Discharges the shown cathode, building it first if need be.
   * @param {Recipe} recipe
   * @param {Volume | null} volume
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Summary>}
   */
  run(recipe, volume, options) {
    return this.#first().send({ kind: 'run', slot: SHOWN, recipe, volume }, options);
  }

  /** The shown discharge keeps its worker and structure; what is built next goes to another, and may be given up without harm to it. */
  leave() {
    const client = this.#first();
    this.#main = null;
    this.#left.add(client);
    client.retire(() => {
      this.#left.delete(client);
      this.#share();
    });
    this.#share();
  }

  /** Of the discharges that were left as many go on as the crew has hands, the oldest first: the others rest. */
  #share() {
    [...this.#left].forEach((client, k) => client.rest(this.#resting || k >= crewSize()));
  }

  /**
   * Discharges a recipe's cathode as soon as a worker is idle, without showing it.
   * @param {Recipe} recipe
   * @param {RequestOptions} options
   * @returns {Promise<import('./messages.js').Summary>}
   */
  enqueue(recipe, options) {
    return new Promise((resolve, reject) => {
      const job = { slot: ++this.#lastSlot, recipe, options, resolve, reject };
      this.#queue.push(job);
      options.signal?.addEventListener('abort', () => {
        const place = this.#queue.indexOf(job);
        if (place < 0) return;
        this.#queue.splice(place, 1);
        reject(new DOMException('The request was cancelled.', 'AbortError'));
      });
      options.pause?.addEventListener('change', () => this.#dispatch());
      this.#dispatch();
    });
  }

  /**
   * Sends a steady current through the shown structure, making it first if need be; tells whether that is still shown.
   * @param {Recipe} recipe
   * @param {Volume | null} volume
   * @param {import('./messages.js').FlowRequest} flow
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Transport & {shown: boolean}>}
   */
  async flow(recipe, volume, flow, options) {
    const client = this.#first();
    const found = await client.send({ kind: 'flow', slot: SHOWN, recipe, volume, flow }, options);
    return { ...found, shown: client === this.#main };
  }

  /**
   * What ions and electrons find on their way through the thickness of a structure, sides periodic. In a slot of its own with
   * one of the crew: what is shown, and its discharge, wait for nothing.
   * @param {Recipe} recipe
   * @param {Volume | null} volume
   * @param {{ions: number[], electrons: number[]}} materials conductivities of the phases [S/m]
   * @param {AbortSignal} signal
   * @returns {Promise<{ions: import('./messages.js').Transport, electrons: import('./messages.js').Transport}>}
   */
  async rails(recipe, volume, materials, signal) {
    const [slot, client] = [++this.#lastSlot, this.#client(this.#crew[this.#crew.length - 1])];
    const through = (/** @type {number[]} */ conductivity) =>
      client.send({ kind: 'flow', slot, recipe, volume, flow: { conductivity, axis: 'z', periodic: true } }, { signal, patient: true });
    try {
      return { ions: await through(materials.ions), electrons: await through(materials.electrons) };
    } finally {
      client.release(slot);
    }
  }

  /**
   * Size and labels of a file.
   * @param {File} file
   * @param {import('./messages.js').RawLayout | null} raw its layout, if the file does not tell
   * @returns {Promise<import('./messages.js').FileSummary>}
   */
  read(file, raw) {
    return this.#first().send({ kind: 'read', slot: SHOWN, file, raw });
  }

  /**
   * Labels of all voxels for the 3D view.
   * @returns {Promise<Uint8Array>}
   */
  labels() {
    return this.#first().send({ kind: 'labels', slot: SHOWN });
  }

  /**
   * The structure or its report as a file.
   * @param {string} format
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  file(format) {
    return this.#first().send({ kind: 'file', slot: SHOWN, format });
  }

  /**
   * The cross-sections of what is shown that meet in a voxel.
   * @param {string} field
   * @param {import('./messages.js').Vector} at
   * @param {number | null} time_s null for the newest instant
   * @returns {Promise<import('./messages.js').Slices>}
   */
  slices(field, at, time_s) {
    return this.#first().send({ kind: 'slices', slot: SHOWN, field, at, time_s });
  }

  /**
   * A field of all voxels of what is shown: 0 for no value, else 1 to 255 along `scale`.
   * @param {string} field
   * @param {number | null} time_s
   * @param {import('./messages.js').Scale} scale
   * @returns {Promise<Uint8Array>}
   */
  field(field, time_s, scale) {
    return this.#first().send({ kind: 'field', slot: SHOWN, field, time_s, scale });
  }

  /**
   * Particles that lack something.
   * @param {number | null} time_s
   * @returns {Promise<import('./messages.js').Starved[]>}
   */
  starved(time_s) {
    return this.#first().send({ kind: 'starved', slot: SHOWN, time_s });
  }

  /**
   * Runs a case with a known answer.
   * @param {string} id
   * @returns {Promise<import('./messages.js').Outcome>}
   */
  verify(id) {
    return this.#first().send({ kind: 'verify', slot: SHOWN, case: id });
  }

  #first() {
    if (this.#main) return this.#main;
    /** @type {WorkerClient} */
    const client = new WorkerClient(this.module, (crash) => client === this.#main && this.onLost(crash));
    return (this.#main = client);
  }

  /** @param {Hand} hand */
  #client(hand) {
    // A job tells of its own crash.
    hand.client ??= new WorkerClient(this.module, () => {});
    hand.client.rest(this.#resting);
    return hand.client;
  }

  /** Jobs wait while somebody waits for a structure, or go on. @param {boolean} resting */
  rest(resting) {
    this.#resting = resting;
    this.#share();
    for (const { client } of this.#crew) client?.rest(resting);
    this.#dispatch();
  }

  /** Jobs go to whoever is idle. */
  #dispatch() {
    if (this.#resting) return;
    for (const hand of this.#crew) {
      if (hand.busy) continue;
      const place = this.#queue.findIndex(({ options }) => !options.pause?.paused);
      if (place < 0) return;
      const [job] = this.#queue.splice(place, 1);
      void this.#work(hand, job);
    }
  }

  /** @param {Hand} hand @param {Job} job */
  async #work(hand, { slot, recipe, options, resolve, reject }) {
    hand.busy = true;
    const client = this.#client(hand);
    try {
      resolve(await client.send({ kind: 'run', slot, recipe, volume: null }, options));
    } catch (error) {
      reject(error);
    } finally {
      hand.busy = false;
      client.release(slot);
      this.#dispatch();
    }
  }
}
