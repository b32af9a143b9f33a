// @ts-check
// Draws the 3D view beside the page's own thread. Says first whether it can.

import { Drawing, limitOf, webgl2 } from './volume-drawing.js';

/** @type {Drawing | null} */
let drawing = null;

/** @param {MessageEvent<{kind: 'canvas', canvas: OffscreenCanvas} | import('./volume-drawing.js').Order>} event */
self.onmessage = ({ data }) => {
  if (data.kind === 'canvas') drawing = new Drawing(data.canvas, /** @type {WebGL2RenderingContext} */ (webgl2(data.canvas)));
  else drawing?.take(data);
};

const trial = webgl2(new OffscreenCanvas(1, 1));
self.postMessage(trial ? limitOf(trial) : 0);
trial?.getExtension('WEBGL_lose_context')?.loseContext();
