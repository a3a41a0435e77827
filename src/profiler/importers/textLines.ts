/** Walks the lines of a text file over its bytes, for files larger than a JavaScript string may be. */
const utf8 = new TextDecoder();

export class TextLines {
  /** The current line is `from … to`, without its line break. */
  from = 0;
  to = 0;
  /** Whether a line break ends the current line; false for a last line that may have been cut. */
  complete = false;
  private position = 0;

  constructor(readonly bytes: Uint8Array) {
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.position = 3;
  }

  /** Moves to the next line; false at the end. */
  next(): boolean {
    const { bytes } = this;
    if (this.position >= bytes.length) return false;
    this.from = this.position;
    const newline = bytes.indexOf(0x0a, this.from);
    this.complete = newline >= 0;
    this.to = newline < 0 ? bytes.length : newline;
    this.position = this.to + 1;
    if (this.complete && this.to > this.from && bytes[this.to - 1] === 0x0d) this.to--;
    return true;
  }

  /** The current line, or the part of it between two byte positions. */
  text(from = this.from, to = this.to): string {
    return utf8.decode(this.bytes.subarray(from, to));
  }
}

/** The text of a file's head, without a byte order mark: what importers score. */
export const headText = (head: Uint8Array): string => utf8.decode(head).replace(/^\ufeff/, '');
