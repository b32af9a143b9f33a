// @ts-check
// Where the 3D view is seen from.

/** @typedef {[number, number, number]} Vector */
/** @typedef {{yaw: number, pitch: number, distance: number}} Pose angles [rad]; distance over the size of what is looked at */
/**
 * The camera in voxels: `right` and `up` are half the picture at distance 1.
 * @typedef {{eye: Vector, forward: Vector, right: Vector, up: Vector}} Camera
 */

/** Half the height of the picture at distance 1. */
const LENS = 0.32;

/** @type {(a: Vector, b: Vector) => number} */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/**
 * Looks at the middle of so many voxels.
 * @param {Pose} pose
 * @param {Vector} size
 * @param {number} aspect width of the picture over its height
 * @returns {Camera}
 */
export function cameraAt({ yaw, pitch, distance }, size, aspect) {
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  // As the cross-section across y has it: z to the right, x up, y towards the viewer.
  const turned = (/** @type {number} */ r, /** @type {number} */ u, /** @type {number} */ f) => /** @type {Vector} */ ([u, f, r]);
  const back = turned(sy * cp, sp, cy * cp);
  // Wide structures fill the width, tall places the height.
  const lens = LENS / Math.min(1, aspect / 1.45);
  const away = Math.hypot(...size) * distance * 0.9;
  const scale = (/** @type {Vector} */ v, /** @type {number} */ by) => /** @type {Vector} */ (v.map((c) => c * by));
  return {
    eye: /** @type {Vector} */ (size.map((n, i) => n / 2 + back[i] * away)),
    forward: scale(back, -1),
    right: scale(turned(cy, 0, -sy), lens * aspect),
    up: scale(turned(-sy * sp, cp, -cy * sp), lens),
  };
}

/**
 * Where a point lies in the picture, −1 to 1; null behind the camera.
 * @param {Camera} camera
 * @param {Vector} point
 * @returns {[number, number] | null}
 */
export function project({ eye, forward, right, up }, point) {
  const to = /** @type {Vector} */ (point.map((p, i) => p - eye[i]));
  const depth = dot(to, forward);
  return depth > 0 ? [dot(to, right) / dot(right, right) / depth, dot(to, up) / dot(up, up) / depth] : null;
}
