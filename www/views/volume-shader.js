// @ts-check
// The ray caster: one triangle over the canvas, and for each of its pixels a walk from voxel to voxel (Amanatides and Woo 1987).

export const LABELS = 8;

export const CAST_VERTEX = `#version 300 es
out vec2 at;
void main() {
  at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(at, 0.0, 1.0);
}`;

export const CAST_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler3D;
uniform usampler3D labels;
// 0 for no value, else the place on the colour ramp; what has no value is not there, unless its label stands out.
uniform usampler3D field;
uniform sampler2D ramp;
uniform bool byField;
uniform uint standOut;
// Camera in voxels: its place, where it looks, and half the picture's width and height at distance 1.
uniform vec3 eye, forward, right, up;
// What the cut leaves, and the axis (or -1) and side of its plane.
uniform ivec3 low, high;
uniform int cutAxis, cutSide;
uniform vec3 palette[${LABELS}];
uniform uint shown;
in vec2 at;
out vec4 colour;

bool inside(ivec3 cell) {
  return all(greaterThanEqual(cell, low)) && all(lessThan(cell, high));
}
uint label(ivec3 cell) {
  return texelFetch(labels, cell, 0).r;
}
bool has(uint set, uint label) {
  return ((set >> label) & 1u) == 1u;
}
bool there(ivec3 cell, uint label) {
  return has(shown, label) && (!byField || has(standOut, label) || texelFetch(field, cell, 0).r > 0u);
}
bool solid(ivec3 cell) {
  return inside(cell) && there(cell, label(cell));
}
float open(ivec3 cell) {
  return solid(cell) ? 0.0 : 1.0;
}

// Light that gets into the corner of a face past its two sides and the diagonal.
float corner(float side, float other, float diagonal) {
  return side + other == 0.0 ? 0.0 : (side + other + diagonal) / 3.0;
}

// How much light reaches a point of the face of 'cell' whose normal is 'normal'.
float ambient(ivec3 cell, ivec3 normal, vec3 point) {
  ivec3 front = cell + normal;
  ivec3 a = normal.x != 0 ? ivec3(0, 1, 0) : ivec3(1, 0, 0);
  ivec3 b = normal.z != 0 ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
  vec3 local = clamp(point - vec3(cell), 0.0, 1.0);
  float s = dot(local, vec3(a)), t = dot(local, vec3(b));
  float am = open(front - a), ap = open(front + a), bm = open(front - b), bp = open(front + b);
  float mm = corner(am, bm, open(front - a - b)), pm = corner(ap, bm, open(front + a - b));
  float mp = corner(am, bp, open(front - a + b)), pp = corner(ap, bp, open(front + a + b));
  return mix(mix(mm, pm, s), mix(mp, pp, s), t);
}

void main() {
  vec3 ray = normalize(forward + at.x * right + at.y * up);
  ray = mix(ray, vec3(1e-6), lessThan(abs(ray), vec3(1e-6)));
  vec3 inverse = 1.0 / ray;
  vec3 t0 = (vec3(low) - eye) * inverse, t1 = (vec3(high) - eye) * inverse;
  vec3 near = min(t0, t1), far = max(t0, t1);
  float enter = max(max(near.x, near.y), near.z), leave = min(min(far.x, far.y), far.z);
  if (enter >= leave || leave <= 0.0) discard;
  // Which axis was crossed last, as a mask: vectors are not indexed, which is slow where no hardware does it.
  ivec3 crossed = near.x == enter ? ivec3(1, 0, 0) : near.y == enter ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
  vec3 start = eye + ray * (max(enter, 0.0) + 1e-4);
  ivec3 step = ivec3(sign(ray));
  ivec3 cell = clamp(ivec3(floor(start)), low, high - 1);
  vec3 stride = abs(inverse);
  vec3 next = (vec3(cell) + max(vec3(step), 0.0) - eye) * inverse;
  int most = (high.x - low.x) + (high.y - low.y) + (high.z - low.z);
  uint found = ${LABELS}u;
  int walked = 0;
  // Nothing but the walk: shading inside the loop would be paid at each step.
  for (; walked < most; walked++) {
    uint here = label(cell);
    if (there(cell, here)) {
      found = here;
      break;
    }
    crossed = next.x <= next.y && next.x <= next.z ? ivec3(1, 0, 0) : next.y <= next.z ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
    next += vec3(crossed) * stride;
    cell += crossed * step;
    if (!inside(cell)) break;
  }
  if (found == ${LABELS}u) discard;
  vec3 base = palette[found];
  if (byField && !has(standOut, found)) base = texelFetch(ramp, ivec2(texelFetch(field, cell, 0).r, 0), 0).rgb;
  ivec3 cut = ivec3(cutAxis == 0, cutAxis == 1, cutAxis == 2) * cutSide;
  if (walked == 0 && crossed * step == cut) {
    colour = vec4(base, 1.0);
    return;
  }
  ivec3 normal = -crossed * step;
  float t = walked == 0 ? max(enter, 0.0) : dot(vec3(crossed), next - stride);
  float facing = normal.x != 0 ? (normal.x > 0 ? 1.0 : 0.6) : normal.y != 0 ? 0.86 : 0.74;
  colour = vec4(base * facing * (0.45 + 0.55 * ambient(cell, normal, eye + ray * t)), 1.0);
}`;

export const LINE_VERTEX = `#version 300 es
in vec2 place;
void main() {
  gl_Position = vec4(place, 0.0, 1.0);
}`;

export const LINE_FRAGMENT = `#version 300 es
precision mediump float;
uniform vec4 ink;
out vec4 colour;
void main() {
  colour = vec4(ink.rgb * ink.a, ink.a);
}`;
