// @ts-check
// One worker from the page's side: requests as promises, cancelled by AbortSignals. A worker that crashes, or does not answer a
// cancellation, is given up; the next request starts another.

import { PICTURES } from './requests.js';

/** @typedef {import('./messages.js').Request} Request */
/** @typedef {import('./messages.js').Asked} Asked */
/** @typedef {import('./messages.js').Reply} Reply */
/** @typedef {import('./messages.js').Failure} Failure */
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

const GONE = ['no_run', 'no_flow', 'no_structure', 'outside', 'crashed', 'lost'];

const aborted = () => new DOMException('The request was cancelled.', 'AbortError');

/** Lets a run be held and go on. */
export class Pause extends EventTarget {
  paused = false;

  /** @param {boolean} paused */
  set(paused) {
    if (paused === this.paused) return;
    this.paused = paused;
    this.dispatchEvent(new Event('change'));
  }
}

/**
 * @typedef {object} Pending
 * @property {Asked} request
 * @property {RequestOptions} options
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {() => void} forget
 * @property {boolean} deaf is a structure being built for it? Then its worker hears nothing until that is done
 */

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal]
 * @property {boolean} [patient] a cancellation waits until the worker hears it: others have work there that would be lost
 * @property {Pause} [pause]
 * @property {(progress: Progress) => void} [onProgress]
 */

/** A request that has no id yet. @typedef {Asked extends infer One ? (One extends Asked ? Omit<One, 'id'> : never) : never} Ask */

/** Ids of requests are never used twice, whichever worker they go to. */
let lastId = 0;

export class WorkerClient {
  /** @type {Worker | null} none until there is something to ask */
  #worker;
  /** @type {WebAssembly.Module} */
  #module;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** Has this worker ever answered? */
  #ready = false;
  /** @type {Failure | null} why no worker can be had at all */
  #dead = null;
  #resting = false;
  /** Told when it ends with its last answer, if it shall. @type {(() => void) | null} */
  #onEnd = null;

  /**
   * @param {WebAssembly.Module} module compiled once for all workers
   * @param {(crash: Failure | null) => void} onRestart told when the worker and all its slots are gone: after a crash, or null after a
   *   cancellation
   */
  constructor(module, onRestart) {
    this.#module = module;
    this.onRestart = onRestart;
    this.#worker = this.#spawn();
  }

  #spawn() {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(null, event.message || 'The worker could not be loaded.');
    };
    worker.postMessage(/** @type {Request} */ ({ kind: 'start', module: this.#module }));
    if (this.#resting) worker.postMessage(/** @type {Request} */ ({ kind: 'rest', resting: true }));
    return worker;
  }

  #end() {
    if (!this.#worker) return;
    this.#worker.onmessage = null;
    this.#worker.onerror = null;
    this.#worker.terminate();
    this.#ready = false;
    this.#worker = null;
  }

  /**
   * @param {Ask} asked
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  send(asked, options = {}) {
    const { signal, pause, patient } = options;
    if (signal?.aborted) return Promise.reject(aborted());
    if (this.#dead) return Promise.reject(new SimulatorError(this.#dead));
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      const request = /** @type {Asked} */ ({ ...asked, id });
      const cancel = () => {
        if (this.#pending.get(id)?.deaf && !patient) return this.#giveUp(id);
        this.#post({ kind: 'cancel', id });
        if (!patient) setTimeout(() => this.#giveUp(id), PATIENCE_MS);
      };
      const hold = () => this.#post({ kind: pause?.paused ? 'pause' : 'resume', id });
      signal?.addEventListener('abort', cancel, { once: true });
      pause?.addEventListener('change', hold);
      const forget = () => {
        signal?.removeEventListener('abort', cancel);
        pause?.removeEventListener('change', hold);
      };
      const pending = { request, options, resolve, reject, forget, deaf: false };
      this.#pending.set(id, pending);
      this.#ask(pending);
    });
  }

  /** Frees the memory of a slot. @param {number} slot */
  release(slot) {
    this.#post({ kind: 'release', slot });
  }

  /** All runs wait, or go on. @param {boolean} resting */
  rest(resting) {
    if (resting === this.#resting) return;
    this.#resting = resting;
    this.#post({ kind: 'rest', resting });
  }

  /** Nothing more is asked of it: it ends with its last answer. @param {() => void} onEnd */
  retire(onEnd) {
    this.#onEnd = onEnd;
    this.#endIfRetired();
  }

  #endIfRetired() {
    if (!this.#onEnd || this.#pending.size > 0) return;
    this.#end();
    this.#onEnd();
  }

  /** What is about a task or a slot goes to whoever has it. @param {Request} request */
  #post(request) {
    this.#worker?.postMessage(request);
  }

  /** @param {Pending} pending */
  #ask(pending) {
    const { request, options } = pending;
    pending.deaf = false;
    this.#worker ??= this.#spawn();
    if (options.pause?.paused) this.#post({ kind: 'pause', id: request.id });
    this.#post(request);
  }

  /** @param {number} id @returns {Pending | undefined} */
  #take(id) {
    const pending = this.#pending.get(id);
    pending?.forget();
    this.#pending.delete(id);
    this.#endIfRetired();
    return pending;
  }

  /** @param {number} id */
  #giveUp(id) {
    if (!this.#pending.has(id)) return;
    this.#end();
    for (const [other, pending] of [...this.#pending]) {
      const { request, options } = pending;
      // What waited behind the cancelled request is asked again; pictures and files of a lost structure are not.
      if (PICTURES.includes(request.kind) || options.signal?.aborted) this.#take(other)?.reject(aborted());
      else this.#ask(pending);
    }
    this.onRestart(null);
  }

  /** @param {number | null} id the request that did it @param {string} message */
  #crash(id, message) {
    const started = this.#ready;
    const hint = started
      ? 'This is a fault of the program. The simulator was started anew; try again or change the recipe.'
      : 'The simulator cannot be started in this browser.';
    const failure = { code: 'crashed', stage: 'computing', message, hint };
    // A worker that dies before its first word would die again.
    if (started) this.#end();
    else this.#dead = failure;
    for (const other of [...this.#pending.keys()]) {
      const bystander = started && id !== null && other !== id;
      this.#take(other)?.reject(new SimulatorError(bystander ? { ...failure, code: 'lost' } : failure));
    }
    this.onRestart(failure);
  }

  /** @param {Reply} reply */
  #receive(reply) {
    switch (reply.kind) {
      case 'ready':
        this.#ready = true;
        return;
      case 'progress': {
        const pending = this.#pending.get(reply.id);
        if (pending) pending.deaf = !('curve' in reply.progress);
        return pending?.options.onProgress?.(reply.progress);
      }
      case 'done':
        return this.#take(reply.id)?.resolve(reply.result);
      case 'cancelled':
        return this.#take(reply.id)?.reject(aborted());
      case 'failed':
        return this.#take(reply.id)?.reject(new SimulatorError(reply.failure));
      case 'crashed':
        return this.#crash(reply.id, reply.message);
    }
  }
}
