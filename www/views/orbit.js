// @ts-check
// Turning and zooming by pointer, fingers, wheel and keys.

/** @typedef {import('./camera.js').Pose} Pose */

/** A little from above and from the side, the separator on the left as in the cross-section. @type {Readonly<Pose>} */
const HOME = { yaw: -0.5, pitch: 0.45, distance: 1.55 };
const NEAREST = 0.6;
const FARTHEST = 6;
/** Radians for a pixel of dragging, and for a key. */
const DRAG = 0.008;
const KEY = Math.PI / 24;
const ZOOM = 1.15;

/** @type {Record<string, (orbit: Orbit) => void>} */
const KEYS = {
  ArrowLeft: (orbit) => orbit.turn(-KEY, 0),
  ArrowRight: (orbit) => orbit.turn(KEY, 0),
  ArrowUp: (orbit) => orbit.turn(0, KEY),
  ArrowDown: (orbit) => orbit.turn(0, -KEY),
  '+': (orbit) => orbit.zoom(1 / ZOOM),
  '=': (orbit) => orbit.zoom(1 / ZOOM),
  '-': (orbit) => orbit.zoom(ZOOM),
  0: (orbit) => orbit.home(),
};

export class Orbit {
  /** @type {Pose} */
  pose = { ...HOME };
  /** @type {Map<number, {x: number, y: number}>} */
  #pointers = new Map();

  /**
   * @param {HTMLElement} node
   * @param {() => void} onMove
   */
  constructor(node, onMove) {
    this.onMove = onMove;
    node.addEventListener('pointerdown', (event) => {
      node.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    node.addEventListener('pointermove', (event) => this.#drag(event));
    for (const kind of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      node.addEventListener(kind, (event) => this.#pointers.delete(event.pointerId));
    }
    node.addEventListener('keydown', (event) => {
      const action = KEYS[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action(this);
    });
    node.addEventListener(
      'wheel',
      (event) => {
        // The page scrolls past the picture, unless the visitor is at work in it (or pinches on a touchpad).
        if (document.activeElement !== node && !event.ctrlKey) return;
        event.preventDefault();
        this.zoom(Math.exp(Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 100) * 0.0015));
      },
      { passive: false },
    );
  }

  /** @param {number} yaw @param {number} pitch */
  turn(yaw, pitch) {
    const quarter = Math.PI / 2;
    this.pose.yaw += yaw;
    this.pose.pitch = Math.max(-quarter, Math.min(quarter, this.pose.pitch + pitch));
    this.onMove();
  }

  /** @param {number} factor of the distance */
  zoom(factor) {
    this.pose.distance = Math.max(NEAREST, Math.min(FARTHEST, this.pose.distance * factor));
    this.onMove();
  }

  home() {
    this.pose = { ...HOME };
    this.onMove();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    this.#pointers.set(event.pointerId, now);
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (!other) return this.turn((before.x - now.x) * DRAG, (now.y - before.y) * DRAG);
    const apart = (/** @type {{x: number, y: number}} */ p) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    this.zoom(apart(before) / apart(now));
  }
}
