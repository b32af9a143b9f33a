// @ts-check
// Canvases that are as sharp as the screen and follow the width of their place.

/** Widths and heights of the places of watched canvases. To ask for them now would lay out the whole page. @type {WeakMap<Element, DOMRectReadOnly>} */
const places = new WeakMap();

/**
 * Pixels of a watched canvas's place; none before it has been laid out.
 * @param {HTMLCanvasElement} canvas
 * @param {number} ratio pixels of the canvas for one of the page
 */
export function pixelsOf(canvas, ratio) {
  const place = places.get(/** @type {Element} */ (canvas.parentElement));
  return place ? [Math.round(place.width * ratio), Math.round(place.height * ratio)] : [0, 0];
}

/**
 * Sizes a watched canvas for its place; false while the place has no size.
 * @param {HTMLCanvasElement} canvas
 */
export function fitCanvas(canvas) {
  const [width, height] = pixelsOf(canvas, window.devicePixelRatio || 1);
  if (width < 1 || height < 1) return false;
  // Setting the size clears the canvas and costs time even when nothing changes.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return true;
}

/** @type {Set<() => void>} drawings that wait for their frame */
const waiting = new Set();

/** Is a frame on its way? */
let asked = false;
/** No drawing begins later than this in a frame [ms]. */
const BEGIN_MS = 6;

function drawSome() {
  const start = performance.now();
  try {
    for (const draw of [...waiting]) {
      waiting.delete(draw);
      draw();
      if (performance.now() - start > BEGIN_MS) break;
    }
  } finally {
    // A drawing that fails holds up no other.
    asked = waiting.size > 0;
    if (asked) requestAnimationFrame(drawSome);
  }
}

/**
 * A function that asks for a drawing, once however often it is called. What does not fit into a frame waits for the next, so that
 * several canvases never add up to a long task.
 * @param {() => void} draw
 */
export const oneAFrame = (draw) => () => {
  waiting.add(draw);
  if (!asked) requestAnimationFrame(drawSome);
  asked = true;
};

/**
 * Follows the size of a canvas's place and the screen's sharpness, and draws anew when they change.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} redraw
 */
export function watchSize(canvas, redraw) {
  new ResizeObserver(([{ target, contentRect }]) => {
    places.set(target, contentRect);
    redraw();
  }).observe(/** @type {Element} */ (canvas.parentElement));
  const watchRatio = () =>
    matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        redraw();
        watchRatio();
      },
      { once: true },
    );
  watchRatio();
}
