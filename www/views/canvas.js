// @ts-check
// Canvases that are as sharp as the screen and follow the width of their place.

/**
 * Sizes the canvas for its place; false while the place has no size.
 * @param {HTMLCanvasElement} canvas
 */
export function fitCanvas(canvas) {
  const place = /** @type {HTMLElement} */ (canvas.parentElement).getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(place.width * ratio), Math.round(place.height * ratio)];
  if (width < 1 || height < 1) return false;
  // Setting the size clears the canvas and costs time even when nothing changes.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return true;
}

/**
 * A function that asks for a drawing in the next frame, once however often it is called.
 * @param {() => void} draw
 */
export function onceAFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/**
 * Draws anew when the canvas's place or the screen's sharpness changes.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} redraw
 */
export function watchSize(canvas, redraw) {
  new ResizeObserver(redraw).observe(/** @type {HTMLElement} */ (canvas.parentElement));
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
