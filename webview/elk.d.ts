/** The worker of ELK as text: the build loads it so. */
declare module 'elkjs/lib/elk-worker.min.js' {
  const text: string;
  export = text;
}
