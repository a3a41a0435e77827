/**
 * The constants of Whisper's front end: a Fourier transform of 400 samples under a Hann window every 160 samples, and
 * mel filters on Slaney's scale, each of unit area.
 */

const rate = 16_000;
/** 30 s. */
export const samples = 30 * rate;
export const taps = 400;
export const hop = 160;
/** Frequencies from 0 to half of the rate. */
export const bins = taps / 2 + 1;

/** Cosines, then sines, of each frequency, under the window: 2·bins x taps. */
export function dftFilters(values: Float64Array): void {
  for (let bin = 0; bin < bins; bin++)
    for (let t = 0; t < taps; t++) {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * t) / taps);
      // The angle is reduced while it is still an integer.
      const angle = (2 * Math.PI * ((bin * t) % taps)) / taps;
      values[bin * taps + t] = window * Math.cos(angle);
      values[(bins + bin) * taps + t] = -window * Math.sin(angle);
    }
}

/** Linear below 1 kHz, logarithmic above. */
const linearStep = 200 / 3;
const logStart = 1000;
const logStep = Math.log(6.4) / 27;
const melOf = (hz: number): number =>
  hz < logStart ? hz / linearStep : logStart / linearStep + Math.log(hz / logStart) / logStep;
const hzOf = (mel: number): number => {
  const above = mel - logStart / linearStep;
  return above < 0 ? mel * linearStep : logStart * Math.exp(above * logStep);
};

/** Triangles between `count` + 2 points at equal mel distances: count x bins. */
export function melFilters(values: Float64Array, count: number): void {
  const top = melOf(rate / 2);
  const points = Array.from({ length: count + 2 }, (_, i) => hzOf((top * i) / (count + 1)));
  for (let band = 0; band < count; band++) {
    const [low, centre, high] = points.slice(band, band + 3) as [number, number, number];
    for (let bin = 0; bin < bins; bin++) {
      const hz = (bin * rate) / taps;
      const height = Math.max(0, Math.min((hz - low) / (centre - low), (high - hz) / (high - centre)));
      values[band * bins + bin] = (2 * height) / (high - low);
    }
  }
}
