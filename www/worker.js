// @ts-check
// The worker's side: owns a cathode in each of its slots and answers the requests about it in order; slots take turns. Slices,
// pauses and cancellations are heard between two pieces of a run.

import init, { Twin, Volume, sketch, verify_case } from './pkg/catholyte.js';
import { COLUMNS, PICTURES } from './requests.js';

/** @typedef {import('./messages.js').Request} Request */
/** @typedef {import('./messages.js').Asked} Asked */
/** @typedef {import('./messages.js').Reply} Reply */

/** A piece of a run, short enough that a cancellation is answered at once [ms]. */
const BUDGET_MS = 30;
/** A run tells how far it is no more often than this: the page has pictures to draw of it [ms]. */
const TELL_MS = 100;

/**
 * A cathode, the key of the volume it has in place of a built structure, and the end of the queue for it.
 * @typedef {{twin: Twin | null, volumeKey: number | null, turn: Promise<unknown>}} Slot
 */

/** @type {Map<number, Slot>} */
const slots = new Map();
/** Nothing is answered before the module is there. */
let started = /** @type {Promise<unknown>} */ (Promise.resolve());
/** @type {Set<number>} requests that wait for their turn */
const waiting = new Set();
/** Runs and flows under way, by id. @type {Map<number, {stopping: boolean, paused: boolean, wake: () => void}>} */
const tasks = new Map();
/** Requests that were paused before their turn came. @type {Set<number>} */
const paused = new Set();
/** Is somebody waiting for a picture who comes first? */
let resting = false;

/**
 * @param {Reply} reply
 * @param {Transferable[]} [transfer]
 */
const post = (reply, transfer = []) => self.postMessage(reply, { transfer });

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const breathing = [];
channel.port1.onmessage = () => breathing.shift()?.();
/** Lets waiting messages and other slots in; a timer would be held back to 4 ms. @returns {Promise<void>} */
const breathe = () =>
  new Promise((resolve) => {
    breathing.push(resolve);
    channel.port2.postMessage(null);
  });

/**
 * Goes through a task piece by piece, until it is done or told to stop.
 * @param {number} id
 * @param {() => boolean} piece is it done?
 * @returns {Promise<boolean>} was it done?
 */
async function pieces(id, piece) {
  const task = { stopping: false, paused: paused.delete(id), wake: () => {} };
  tasks.set(id, task);
  try {
    for (;;) {
      await breathe();
      while ((task.paused || resting) && !task.stopping) await new Promise((resolve) => (task.wake = () => resolve(null)));
      if (task.stopping) {
        post({ kind: 'cancelled', id });
        return false;
      }
      if (piece()) return true;
    }
  } finally {
    tasks.delete(id);
  }
}
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
 * Brings a slot's twin to what a request is about.
 * @param {Slot} slot
 * @param {{id: number, recipe: import('./messages.js').Recipe, volume: import('./messages.js').Volume | null}} request
 * @returns {Promise<Twin>}
 */
async function prepare(slot, { id, recipe, volume }) {
  const tell = (/** @type {string} */ stage, /** @type {number} */ fraction) =>
    post({ kind: 'progress', id, progress: { stage, fraction } });
  if (slot.twin && slot.volumeKey === (volume?.key ?? null)) {
    slot.twin.set_recipe(recipe, tell);
    return slot.twin;
  }
  if (volume) {
    tell('reading the file', 0);
    const fresh = Twin.imported(recipe, await read(volume), volume.labels, volume.voxel_um);
    slot.twin?.free();
    slot.twin = fresh;
  } else {
    slot.twin?.free();
    slot.twin = null;
    slot.twin = new Twin(recipe, tell);
  }
  slot.volumeKey = volume?.key ?? null;
  return slot.twin;
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

/** @param {Slot} slot @param {Extract<Asked, {kind: 'run'}>} request */
async function run(slot, request) {
  const { id } = request;
  const cell = await prepare(slot, request);
  cell.restart();
  let from = 0;
  let told = -Infinity;
  const done = await pieces(id, () => {
    const { finished, ...progress } = cell.advance(BUDGET_MS);
    if (!finished && performance.now() < told + TELL_MS) return false;
    told = performance.now();
    const curve = Object.fromEntries(COLUMNS.map((name) => [name, cell.series(name).slice(from)]));
    // Counted before the columns go: what is transferred has no length here any more.
    const first = from;
    from += curve.time_s.length;
    post({ kind: 'progress', id, progress: { ...progress, from: first, curve } }, Object.values(curve).map(({ buffer }) => buffer));
    return finished;
  });
  if (done) post({ kind: 'done', id, result: cell.summary() });
}

/** @param {Slot} slot @param {Extract<Asked, {kind: 'flow'}>} request */
async function flow(slot, request) {
  const { id } = request;
  const cell = await prepare(slot, request);
  const start = performance.now();
  cell.begin_flow(request.flow);
  /** @type {Omit<import('./messages.js').Transport, 'seconds'> | undefined} */
  let answer;
  if (await pieces(id, () => (answer = cell.advance_flow(BUDGET_MS)) !== undefined && answer !== null)) {
    const seconds = (performance.now() - start) / 1000;
    post({ kind: 'done', id, result: { .../** @type {NonNullable<typeof answer>} */ (answer), seconds } });
  } else {
    cell.drop_flow();
  }
}

/** @param {Extract<Asked, {kind: 'read'}>} request */
async function summarise(request) {
  const volume = await read(request);
  post({ kind: 'done', id: request.id, result: volume.summary() });
  volume.free();
}

/** @param {Extract<Asked, {kind: 'verify'}>} request */
function verify(request) {
  const start = performance.now();
  const outcome = verify_case(request.case);
  post({ kind: 'done', id: request.id, result: { ...outcome, seconds: (performance.now() - start) / 1000 } });
}

/** @param {Slot} slot @param {Asked} request */
async function answer(slot, request) {
  const { kind, id } = request;
  try {
    if (kind === 'run') return await run(slot, request);
    if (kind === 'flow') return await flow(slot, request);
    if (kind === 'verify') return verify(request);
    if (kind === 'read') return await summarise(request);
    if (kind === 'sketch') {
      const seen = sketch(request.recipe);
      return post({ kind: 'done', id, result: seen }, [seen.labels.buffer]);
    }
    if (kind === 'build') return post({ kind: 'done', id, result: (await prepare(slot, request)).report() });
    const { twin } = slot;
    if (!twin) {
      throw { code: 'no_structure', stage: 'cross-section', message: 'Nothing has been built.', hint: 'Build first.' };
    }
    if (kind === 'slices') {
      const slices = twin.slices(request.field, new Uint32Array(request.at), request.time_s ?? undefined);
      const buffers = [slices.x, slices.y, slices.z].flatMap(({ data, particle }) => [data.buffer, particle.buffer]);
      return post({ kind: 'done', id, result: slices }, buffers);
    }
    if (kind === 'starved') return post({ kind: 'done', id, result: twin.starved(request.time_s ?? undefined) });
    const bytes =
      kind === 'labels'
        ? twin.labels()
        : kind === 'field'
          ? twin.field_bytes(request.field, request.time_s ?? undefined, request.scale)
          : twin.file(request.format);
    post({ kind: 'done', id, result: bytes }, [bytes.buffer]);
  } catch (error) {
    reportError(id, error);
  }
}

/** @param {number} id */
function cancel(id) {
  const task = tasks.get(id);
  // What already has its answer, or is a build under way, cannot be stopped from here.
  if (waiting.delete(id)) post({ kind: 'cancelled', id });
  else if (task) {
    task.stopping = true;
    task.wake();
  }
}

/** @param {number} id @param {boolean} still */
function hold(id, still) {
  const task = tasks.get(id);
  if (task) {
    task.paused = still;
    task.wake();
  } else if (still) paused.add(id);
  else paused.delete(id);
}

/** @param {number} number @returns {Slot} */
function slotOf(number) {
  let slot = slots.get(number);
  if (!slot) slots.set(number, (slot = { twin: null, volumeKey: null, turn: started }));
  return slot;
}

/** @param {MessageEvent<Request>} event */
self.onmessage = ({ data: request }) => {
  switch (request.kind) {
    case 'start':
      started = init({ module_or_path: request.module }).then(
        () => post({ kind: 'ready' }),
        (error) => reportError(null, error),
      );
      return;
    case 'cancel':
      return cancel(request.id);
    case 'rest':
      resting = request.resting;
      for (const task of tasks.values()) task.wake();
      return;
    case 'pause':
    case 'resume':
      return hold(request.id, request.kind === 'pause');
    case 'release': {
      const slot = slots.get(request.slot);
      slots.delete(request.slot);
      void slot?.turn.then(() => slot.twin?.free());
      return;
    }
  }
  const slot = slotOf(request.slot);
  // A build of what a run has built already does not wait for its end.
  const isThere = PICTURES.includes(request.kind) || (request.kind === 'build' && !request.volume && slot.twin?.is_built(request.recipe));
  if (isThere && slot.twin) return void answer(slot, request);
  waiting.add(request.id);
  slot.turn = slot.turn.then(() => (waiting.delete(request.id) ? answer(slot, request) : undefined));
};
