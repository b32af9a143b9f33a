// @ts-check
// The page's side of the worker: promises, cancellation by AbortSignal, and a fresh worker after a crash.

/** @typedef {import('./messages.js').Request} Request */
/** @typedef {import('./messages.js').Reply} Reply */
/** @typedef {import('./messages.js').Failure} Failure */
/** @typedef {import('./messages.js').Volume} Volume */
/** @typedef {import('./messages.js').BuildProgress | import('./messages.js').RunProgress} Progress */

/** How long a worker may take to answer a cancellation before it is replaced [ms]. */
const PATIENCE_MS = 80;

/** A request that failed, with everything the page shows about it. */
export class SimulatorError extends Error {
  /** @param {Failure} failure */
  constructor(failure) {
    super(failure.message);
    this.name = 'SimulatorError';
    this.failure = failure;
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === 'AbortError';

/** Was it about a structure, run or flow that is not there any more? @param {unknown} error */
export const isGone = (error) => isAbort(error) || (error instanceof SimulatorError && GONE.includes(error.failure.code));

const GONE = ['no_run', 'no_flow', 'no_structure', 'outside', 'crashed'];

const aborted = () => new DOMException('The request was cancelled.', 'AbortError');

/**
 * @typedef {object} Pending
 * @property {Exclude<Request, {kind: 'start' | 'cancel'}>} request
 * @property {AbortSignal | undefined} signal
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {((progress: Progress) => void) | undefined} onProgress
 * @property {() => void} forget
 */

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal]
 * @property {(progress: Progress) => void} [onProgress]
 */

export class Simulator {
  /** @type {Worker} */
  #worker;
  /** @type {WebAssembly.Module} */
  #module;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #lastId = 0;
  /** Has this worker ever answered? */
  #ready = false;
  /** @type {Failure | null} why no worker can be had at all */
  #dead = null;

  /**
   * @param {WebAssembly.Module} module compiled once for all workers
   * @param {(crash: Failure | null) => void} onRestart told when the worker and its structure are gone: after a crash, or
   *   null after a cancellation
   */
  constructor(module, onRestart) {
    this.#module = module;
    this.onRestart = onRestart;
    this.#worker = this.#spawn();
  }

  /**
   * Builds the structure of a recipe, or takes that of a file.
   * @param {import('./messages.js').Recipe} recipe
   * @param {Volume | null} volume
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Report>}
   */
  build(recipe, volume, options) {
    return this.#send({ kind: 'build', id: ++this.#lastId, recipe, volume }, options);
  }

  /**
   * Discharges a recipe's cathode, building it first if need be.
   * @param {import('./messages.js').Recipe} recipe
   * @param {Volume | null} volume
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Summary>}
   */
  run(recipe, volume, options) {
    return this.#send({ kind: 'run', id: ++this.#lastId, recipe, volume }, options);
  }

  /**
   * Sends a steady current through the structure, making it first if need be.
   * @param {import('./messages.js').Recipe} recipe
   * @param {Volume | null} volume
   * @param {import('./messages.js').FlowRequest} flow
   * @param {RequestOptions} [options]
   * @returns {Promise<import('./messages.js').Transport>}
   */
  flow(recipe, volume, flow, options) {
    return this.#send({ kind: 'flow', id: ++this.#lastId, recipe, volume, flow }, options);
  }

  /**
   * Size and labels of a file.
   * @param {File} file
   * @param {import('./messages.js').RawLayout | null} raw its layout, if the file does not tell
   * @returns {Promise<import('./messages.js').FileSummary>}
   */
  read(file, raw) {
    return this.#send({ kind: 'read', id: ++this.#lastId, file, raw });
  }

  /**
   * Labels of all voxels for the 3D view.
   * @returns {Promise<Uint8Array>}
   */
  labels() {
    return this.#send({ kind: 'labels', id: ++this.#lastId });
  }

  /**
   * The structure or its report as a file.
   * @param {string} format
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  file(format) {
    return this.#send({ kind: 'file', id: ++this.#lastId, format });
  }

  /**
   * A cross-section of what was built or run last.
   * @param {string} field
   * @param {import('./messages.js').Axis} axis
   * @param {number} index
   * @returns {Promise<import('./messages.js').Slice>}
   */
  slice(field, axis, index) {
    return this.#send({ kind: 'slice', id: ++this.#lastId, field, axis, index });
  }

  /**
   * Runs a case with a known answer.
   * @param {string} id
   * @returns {Promise<import('./messages.js').Outcome>}
   */
  verify(id) {
    return this.#send({ kind: 'verify', id: ++this.#lastId, case: id });
  }

  #spawn() {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(event.message || 'The worker could not be loaded.');
    };
    worker.postMessage(/** @type {Request} */ ({ kind: 'start', module: this.#module }));
    return worker;
  }

  #replace() {
    this.#worker.onmessage = null;
    this.#worker.onerror = null;
    this.#worker.terminate();
    this.#ready = false;
    this.#worker = this.#spawn();
  }

  /**
   * @param {Exclude<Request, {kind: 'start' | 'cancel'}>} request
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  #send(request, { signal, onProgress } = {}) {
    if (signal?.aborted) return Promise.reject(aborted());
    if (this.#dead) return Promise.reject(new SimulatorError(this.#dead));
    return new Promise((resolve, reject) => {
      const { id } = request;
      const cancel = () => {
        this.#worker.postMessage(/** @type {Request} */ ({ kind: 'cancel', id }));
        setTimeout(() => this.#giveUp(id), PATIENCE_MS);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const forget = () => signal?.removeEventListener('abort', cancel);
      this.#pending.set(id, { request, signal, resolve, reject, onProgress, forget });
      this.#worker.postMessage(request);
    });
  }

  /** @param {number} id @returns {Pending | undefined} */
  #take(id) {
    const pending = this.#pending.get(id);
    pending?.forget();
    this.#pending.delete(id);
    return pending;
  }

  /** @param {number} id */
  #giveUp(id) {
    if (!this.#pending.has(id)) return;
    this.#replace();
    for (const [other, { request, signal }] of [...this.#pending]) {
      // What waited behind the cancelled request is asked again; pictures and files of a lost structure are not.
      if (['slice', 'labels', 'file'].includes(request.kind) || signal?.aborted) this.#take(other)?.reject(aborted());
      else this.#worker.postMessage(request);
    }
    this.onRestart(null);
  }

  /** @param {string} message */
  #crash(message) {
    const hint = this.#ready
      ? 'This is a fault of the program. The simulator was started anew; try again or change the recipe.'
      : 'The simulator cannot be started in this browser.';
    const failure = { code: 'crashed', stage: 'computing', message, hint };
    // A worker that dies before its first word would die again.
    if (this.#ready) this.#replace();
    else this.#dead = failure;
    for (const lost of [...this.#pending.keys()]) this.#take(lost)?.reject(new SimulatorError(failure));
    this.onRestart(failure);
  }

  /** @param {Reply} reply */
  #receive(reply) {
    switch (reply.kind) {
      case 'ready':
        this.#ready = true;
        return;
      case 'progress':
        return this.#pending.get(reply.id)?.onProgress?.(reply.progress);
      case 'done':
        return this.#take(reply.id)?.resolve(reply.result);
      case 'cancelled':
        return this.#take(reply.id)?.reject(aborted());
      case 'failed':
        return this.#take(reply.id)?.reject(new SimulatorError(reply.failure));
      case 'crashed':
        return this.#crash(reply.message);
    }
  }
}
