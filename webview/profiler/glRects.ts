/** Zone rectangles by WebGL 2: one instance per rectangle, one call per answer; a frame only changes uniforms. */
import { parseColour } from '../shared/palette';
import type { Theme } from '../shared/theme';
import type { WindowAnswer } from '../../src/protocol/profilerView';
import { DIMMED, GAP_ABOVE, HATCH, HATCH_GROUND, HATCH_LINE, OUTLINE_ABOVE } from './rects';
import type { Layer, RectPainter, RowPlace } from './rects';

const VERTEX = `#version 300 es
precision highp float;
in vec2 corner;
in vec2 rect;
in float row;
in float hue;
in float flags;
uniform sampler2D places;
uniform vec2 size;
uniform vec2 scroll;
flat out vec4 box;
flat out int colour;
flat out int marks;
out vec2 at;
void main() {
  int r = int(row);
  vec2 place = texelFetch(places, ivec2(r & 1023, r >> 10), 0).rg;
  float wide = rect.y * scroll.x;
  float left = max(rect.x * scroll.x + scroll.y, -16.0);
  float right = min(rect.x * scroll.x + scroll.y + max(wide, 1.0), size.x + 16.0);
  if (right - left > ${GAP_ABOVE.toFixed(1)}) right -= 1.0;
  box = vec4(left, place.x, right, place.x + place.y);
  at = vec2(mix(left, right, corner.x), mix(place.x, place.x + place.y, corner.y));
  colour = int(hue);
  marks = int(flags);
  bool hidden = place.y <= 0.0 || right <= left;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0)
    : vec4(at.x / size.x * 2.0 - 1.0, 1.0 - at.y / size.y * 2.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 box;
flat in int colour;
flat in int marks;
in vec2 at;
uniform vec3 hues[9];
uniform vec4 outline;
uniform bool searching;
out vec4 pixel;
void main() {
  bool merged = (marks & 1) != 0;
  vec3 fill = hues[merged ? 8 : colour];
  float alpha = 1.0;
  if (merged) {
    float line = mod(at.x + at.y, ${HATCH.toFixed(1)});
    alpha = line < ${HATCH_LINE.toFixed(1)} ? 1.0 : ${HATCH_GROUND.toFixed(2)};
  }
  if (outline.a > 0.0 && box.z - box.x > ${OUTLINE_ABOVE.toFixed(1)}) {
    vec2 edge = min(at - box.xy, box.zw - at);
    if (min(edge.x, edge.y) < 1.0) fill = outline.rgb;
  }
  if (searching && (marks & 2) == 0) alpha *= ${DIMMED.toFixed(2)};
  pixel = vec4(fill * alpha, alpha);
}`;

const MERGED = 1;
const FOUND = 2;
/** Floats per instance: x, width, row, hue, flags. */
const STRIDE = 5;
const PLACES_WIDE = 1024;

interface Uploaded {
  readonly answer: WindowAnswer;
  readonly array: WebGLVertexArrayObject;
  readonly buffer: WebGLBuffer;
  readonly count: number;
}

interface Program {
  readonly program: WebGLProgram;
  readonly corners: WebGLBuffer;
  readonly places: WebGLTexture;
  readonly uniform: (name: string) => WebGLUniformLocation | null;
}

/** Renderers that compute WebGL on the processor and then copy every frame out of it: the 2D canvas is faster there. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return info !== null && SOFTWARE.test(String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)));
}

/**
 * Undefined where there is no WebGL 2 in hardware; `data-renderer="webgl"` of the body takes what there is. `restored` is
 * called when a context that was lost is there again.
 */
export function glRects(canvas: HTMLCanvasElement, restored: () => void): RectPainter | undefined {
  const gl = canvas.getContext('webgl2', {
    alpha: true,
    antialias: false,
    depth: false,
    powerPreference: 'low-power',
  });
  if (gl === null || (document.body.dataset['renderer'] !== 'webgl' && isSoftware(gl))) return undefined;
  let program: Program | undefined = makeProgram(gl);
  let uploaded: readonly Uploaded[] = [];
  canvas.addEventListener('webglcontextlost', (e) => {
    e.preventDefault();
    program = undefined;
    uploaded = [];
  });
  canvas.addEventListener('webglcontextrestored', () => {
    program = makeProgram(gl);
    restored();
  });
  return {
    element: canvas,
    draw(layers, width, height, theme, search) {
      if (program === undefined) return;
      const ratio = fit(canvas, width, height);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.disable(gl.SCISSOR_TEST);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.enable(gl.SCISSOR_TEST);
      uploaded = keep(gl, program, uploaded, layers);
      gl.useProgram(program.program);
      gl.uniform2f(program.uniform('size'), width, height);
      gl.uniform1i(program.uniform('searching'), Number(search));
      gl.uniform3fv(program.uniform('hues'), coloursOf(theme));
      const [r, g, b] = parseColour(theme.outline ?? '') ?? [0, 0, 0];
      gl.uniform4f(program.uniform('outline'), r, g, b, theme.outline === undefined ? 0 : 1);
      for (const [i, layer] of layers.entries()) {
        if (layer.right <= layer.left || layer.answer.x.length === 0) continue;
        const left = Math.round(layer.left * ratio);
        gl.scissor(left, 0, Math.max(0, Math.round(layer.right * ratio) - left), canvas.height);
        setPlaces(gl, program.places, layer.places);
        gl.uniform2f(program.uniform('scroll'), layer.scale, layer.shift);
        gl.bindVertexArray(uploaded[i]!.array);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, uploaded[i]!.count);
      }
      gl.bindVertexArray(null);
    },
  };
}

/** Gives the canvas the pixels of the screen; returns how many there are to one of CSS. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): number {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  return ratio;
}

function makeProgram(gl: WebGL2RenderingContext): Program {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost())
    throw new Error(`WebGL: ${gl.getProgramInfoLog(program) ?? 'the shaders do not link'}`);
  const corners = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  const places = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, places);
  for (const p of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, p, gl.NEAREST);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const uniforms = new Map<string, WebGLUniformLocation | null>();
  return {
    program,
    corners,
    places,
    uniform: (name) => {
      let u = uniforms.get(name);
      if (u === undefined) uniforms.set(name, (u = gl.getUniformLocation(program, name)));
      return u;
    },
  };
}

/** What of the layers is on the card already stays there; the rest of it goes. */
function keep(
  gl: WebGL2RenderingContext,
  program: Program,
  before: readonly Uploaded[],
  layers: readonly Layer[],
): readonly Uploaded[] {
  const after = layers.map(
    ({ answer }) => before.find((u) => u.answer === answer) ?? upload(gl, program, answer),
  );
  for (const u of before) {
    if (after.includes(u)) continue;
    gl.deleteVertexArray(u.array);
    gl.deleteBuffer(u.buffer);
  }
  return after;
}

function upload(gl: WebGL2RenderingContext, { program, corners }: Program, answer: WindowAnswer): Uploaded {
  const data = new Float32Array(answer.x.length * STRIDE);
  answer.rows.forEach((_, row) => {
    for (let i = answer.offset[row]!; i < answer.offset[row + 1]!; i++) {
      const hue = answer.hue[i]!;
      const found = answer.match.length === 0 || answer.match[i] === 1;
      data[i * STRIDE] = answer.x[i]!;
      data[i * STRIDE + 1] = answer.width[i]!;
      data[i * STRIDE + 2] = row;
      data[i * STRIDE + 3] = hue < 0 ? 8 : hue;
      data[i * STRIDE + 4] = (answer.count[i]! > 1 ? MERGED : 0) | (found ? FOUND : 0);
    }
  });
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  const attribute = (name: string, size: number, stride: number, offset: number, each: number): void => {
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride * 4, offset * 4);
    gl.vertexAttribDivisor(at, each);
  };
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  attribute('corner', 2, 2, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  attribute('rect', 2, STRIDE, 0, 1);
  attribute('row', 1, STRIDE, 2, 1);
  attribute('hue', 1, STRIDE, 3, 1);
  attribute('flags', 1, STRIDE, 4, 1);
  gl.bindVertexArray(null);
  return { answer, array, buffer, count: answer.x.length };
}

function setPlaces(gl: WebGL2RenderingContext, texture: WebGLTexture, places: readonly RowPlace[]): void {
  const tall = Math.max(1, Math.ceil(places.length / PLACES_WIDE));
  const data = new Float32Array(PLACES_WIDE * tall * 2);
  places.forEach((p, i) => {
    data[2 * i] = p.y;
    data[2 * i + 1] = p.height;
  });
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, PLACES_WIDE, tall, 0, gl.RG, gl.FLOAT, data);
}

const colours = new WeakMap<Theme, Float32Array>();
function coloursOf(theme: Theme): Float32Array {
  let known = colours.get(theme);
  if (known === undefined) {
    known = Float32Array.from(
      [...theme.hues.slice(0, 8), theme.neutral].flatMap((c) => parseColour(c) ?? [0.5, 0.5, 0.5]),
    );
    colours.set(theme, known);
  }
  return known;
}
