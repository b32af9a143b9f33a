// @ts-check
// The worker's side: owns one Twin and answers requests in order. Slices and cancellations are heard between two pieces
// of a run.

import init, { Twin, Volume, verify_case } from './pkg/catholyte.js';

/** @typedef {import('./messages.js').Request} Request */
/** @typedef {import('./messages.js').Reply} Reply */

/** A piece of a run, short enough that a cancellation is answered at once [ms]. */
const BUDGET_MS = 30;

/** @type {Twin | null} */
let twin = null;
/** The imported volume that the twin has in place of a built structure. @type {number | null} */
let volumeKey = null;
/** Builds and runs wait here for their turn. */
let turn = /** @type {Promise<unknown>} */ (Promise.resolve());
/** @type {Set<number>} requests that wait */
const waiting = new Set();
/** The run under way is to stop. */
let stopping = false;
let running = -1;

/**
 * @param {Reply} reply
 * @param {Transferable[]} [transfer]
 */
const post = (reply, transfer = []) => self.postMessage(reply, { transfer });

const channel = new MessageChannel();
/** Lets waiting messages in; a timer would be held back to 4 ms. */
const breathe = () =>
  new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });

/**
 * A trap leaves the module in an unknown state, so it is never taken for an ordinary failure.
 * @param {number | null} id
 * @param {unknown} error
 */
function reportError(id, error) {
  if (error instanceof Error) {
    const panic = /** @type {{catholyte_panic?: string}} */ (globalThis).catholyte_panic;
    post({ kind: 'crashed', id, message: panic ?? `${error.name}: ${error.message}` });
  } else if (id !== null) {
    const failure = /** @type {Partial<import('./messages.js').Failure>} */ (error);
    post({
      kind: 'failed',
      id,
      failure: {
        code: failure.code ?? 'recipe',
        stage: failure.stage ?? 'checking the recipe',
        message: failure.message ?? 'The recipe cannot be built.',
        hint: failure.hint ?? 'Change the fields that are marked.',
        issues: failure.issues,
      },
    });
  }
}

/**
 * Brings the twin to what a request is about.
 * @param {{id: number, recipe: import('./messages.js').Recipe, volume: import('./messages.js').Volume | null}} request
 * @returns {Promise<Twin>}
 */
async function prepare({ id, recipe, volume }) {
  const tell = (/** @type {string} */ stage, /** @type {number} */ fraction) =>
    post({ kind: 'progress', id, progress: { stage, fraction } });
  if (twin && volumeKey === (volume?.key ?? null)) {
    twin.set_recipe(recipe, tell);
    return twin;
  }
  if (volume) {
    tell('reading the file', 0);
    const fresh = Twin.imported(recipe, await read(volume), volume.labels, volume.voxel_um);
    twin?.free();
    twin = fresh;
  } else {
    twin?.free();
    twin = null;
    twin = new Twin(recipe, tell);
  }
  volumeKey = volume?.key ?? null;
  return twin;
}

/** @param {{file: File, raw: import('./messages.js').RawLayout | null}} source */
async function read({ file, raw }) {
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    const message = `The file ${file.name} cannot be read.`;
    throw { code: 'bad_file', stage: 'reading the file', message, hint: 'Was it moved or changed? Choose it again.' };
  }
  return raw ? Volume.raw(new Uint8Array(bytes), new Float64Array(raw.size), raw.type) : new Volume(new Uint8Array(bytes));
}

/** @param {Extract<Request, {kind: 'run'}>} request */
async function run(request) {
  const { id } = request;
  const cell = await prepare(request);
  cell.restart();
  running = id;
  stopping = false;
  let sent = 0;
  for (;;) {
    await breathe();
    if (stopping) return post({ kind: 'cancelled', id });
    const { finished, ...progress } = cell.advance(BUDGET_MS);
    const capacity = cell.series('capacity_mah_g').slice(sent);
    const voltage = cell.series('voltage_v').slice(sent);
    sent += capacity.length;
    post({ kind: 'progress', id, progress: { ...progress, curve: { capacity, voltage } } }, [capacity.buffer, voltage.buffer]);
    if (finished) return post({ kind: 'done', id, result: cell.summary() });
  }
}

/** @param {Extract<Request, {kind: 'flow'}>} request */
async function flow(request) {
  const { id } = request;
  const cell = await prepare(request);
  running = id;
  stopping = false;
  const start = performance.now();
  cell.begin_flow(request.flow);
  for (;;) {
    await breathe();
    if (stopping) {
      cell.drop_flow();
      return post({ kind: 'cancelled', id });
    }
    const answer = cell.advance_flow(BUDGET_MS);
    if (answer) return post({ kind: 'done', id, result: { ...answer, seconds: (performance.now() - start) / 1000 } });
  }
}

/** @param {Extract<Request, {kind: 'read'}>} request */
async function summarise(request) {
  const volume = await read(request);
  post({ kind: 'done', id: request.id, result: volume.summary() });
  volume.free();
}

/** @param {Extract<Request, {kind: 'verify'}>} request */
function verify(request) {
  const start = performance.now();
  const outcome = verify_case(request.case);
  post({ kind: 'done', id: request.id, result: { ...outcome, seconds: (performance.now() - start) / 1000 } });
}

/** @param {Exclude<Request, {kind: 'start' | 'cancel'}>} request */
async function answer(request) {
  const { kind, id } = request;
  try {
    if (kind === 'run') return await run(request);
    if (kind === 'flow') return await flow(request);
    if (kind === 'verify') return verify(request);
    if (kind === 'read') return await summarise(request);
    if (kind === 'build') return post({ kind: 'done', id, result: (await prepare(request)).report() });
    if (!twin) {
      throw { code: 'no_structure', stage: 'cross-section', message: 'Nothing has been built.', hint: 'Build first.' };
    }
    if (kind === 'slice') {
      const slice = twin.slice(request.field, request.axis, request.index);
      return post({ kind: 'done', id, result: slice }, [slice.data.buffer, slice.particle.buffer]);
    }
    const bytes = kind === 'labels' ? twin.labels() : twin.file(request.format);
    post({ kind: 'done', id, result: bytes }, [bytes.buffer]);
  } catch (error) {
    reportError(id, error);
  }
}

/** @param {number} id */
function cancel(id) {
  // What already has its answer, or is a build under way, cannot be stopped from here.
  if (waiting.delete(id)) post({ kind: 'cancelled', id });
  else if (running === id) stopping = true;
}

/** @param {MessageEvent<Request>} event */
self.onmessage = ({ data: request }) => {
  if (request.kind === 'start') {
    turn = init({ module_or_path: request.module }).then(
      () => post({ kind: 'ready' }),
      (error) => reportError(null, error),
    );
  } else if (request.kind === 'cancel') {
    cancel(request.id);
  } else if (['slice', 'labels', 'file'].includes(request.kind) && twin) {
    void answer(request);
  } else {
    waiting.add(request.id);
    turn = turn.then(() => (waiting.delete(request.id) ? answer(request) : undefined));
  }
};
