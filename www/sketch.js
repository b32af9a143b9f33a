// @ts-check

/** Above this a structure takes a while, and one with larger voxels goes before it. */
const MANY_VOXELS = 100_000;

/**
 * The same electrode of few voxels, which is built in no time; null if it is small already or takes no larger voxels.
 * @param {typeof import('./pkg/catholyte.js')} module
 * @param {import('./views/tables.js').Checked} checked
 * @returns {import('./messages.js').Recipe | null}
 */
export function sketchOf(module, { recipe, grid }) {
  const voxels = grid.size[0] * grid.size[1] * grid.size[2];
  if (voxels <= MANY_VOXELS) return null;
  const factor = voxels <= 8 * MANY_VOXELS ? 2 : 4;
  const sketch = { ...recipe, voxel_um: factor * Number(recipe.voxel_um) };
  return module.check_recipe(sketch).issues ? null : sketch;
}
