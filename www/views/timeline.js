// @ts-check
// The instants of a discharge whose fields were kept: a slider along them, and a button that plays them.

import { byId } from '../dom.js';

/** @typedef {import('../messages.js').Instant} Instant */

/** An instant is seen this long when played [ms]. */
const BEAT_MS = 700;

export class Timeline {
  #box = byId('timeline');
  #play = /** @type {HTMLButtonElement} */ (byId('timeline-play'));
  #position = /** @type {HTMLInputElement} */ (byId('timeline-position'));
  /** @type {Instant[]} */
  #instants = [];
  /** What the visitor chose; null follows the newest. @type {number | null} */
  #time = null;
  #beat = 0;

  /** @param {() => void} onChange another instant is to be shown */
  constructor(onChange) {
    this.onChange = onChange;
    this.#position.addEventListener('input', () => {
      this.#stop();
      this.#choose(this.#position.valueAsNumber);
    });
    this.#play.addEventListener('click', () => (this.#beat ? this.#stop() : this.#start()));
  }

  /** The time of the chosen instant [s], null for the newest. */
  get time() {
    return this.#time;
  }

  /** @param {Instant[]} instants @param {number} shown number of the instant that is shown */
  update(instants, shown) {
    this.#instants = instants;
    this.#box.hidden = shown < 0;
    if (shown < 0) {
      this.#time = null;
      this.#stop();
      return;
    }
    this.#position.max = String(instants.length - 1);
    // The slider is under somebody's hand: what it asked for is on its way.
    if (this.#time === null || !this.#position.matches(':active')) this.#position.value = String(shown);
    const { capacity_mah_g, voltage_v } = instants[shown];
    const text = `${capacity_mah_g.toFixed(1)} mAh/g, ${voltage_v.toFixed(3)} V`;
    byId('timeline-place').textContent = text;
    this.#position.setAttribute('aria-valuetext', `${text}, ${shown + 1} of ${instants.length}`);
  }

  /** Another run: from now on the newest instant. */
  follow() {
    this.#stop();
    this.#time = null;
  }

  /** @param {number} number */
  #choose(number) {
    this.#time = number >= this.#instants.length - 1 ? null : this.#instants[number].time_s;
    this.onChange();
  }

  #start() {
    const last = this.#instants.length - 1;
    let next = this.#position.valueAsNumber >= last ? 0 : this.#position.valueAsNumber;
    const step = () => {
      this.#position.value = String(next);
      this.#choose(next);
      next += 1;
      if (next >= this.#instants.length) this.#stop();
    };
    this.#beat = window.setInterval(step, BEAT_MS);
    this.#label();
    step();
  }

  #stop() {
    clearInterval(this.#beat);
    this.#beat = 0;
    this.#label();
  }

  #label() {
    const playing = this.#beat !== 0;
    this.#play.setAttribute('aria-label', playing ? 'Stop playing the discharge' : 'Play the discharge');
    this.#play.dataset.playing = String(playing);
  }
}
