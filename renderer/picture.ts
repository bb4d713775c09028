/** Pictures of screens, as they come over the bridge. Pure, but for what the browser itself decodes (PNG). */

export interface Pixels {
  width: number;
  height: number;
  /** Four bytes for each pixel, row by row. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** A picture that cannot be shown; the message is for the user. */
export class PictureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PictureError';
  }
}

/** More than an 8K screen has: nothing is decoded beyond it. */
const mostPixels = 7680 * 4320;

function checkedSize(width: number, height: number): { width: number; height: number } {
  if (width < 1 || height < 1) throw new PictureError('The picture is empty.');
  if (width * height > mostPixels) throw new PictureError(`The picture is too large: ${width} × ${height} pixels.`);
  return { width, height };
}

/** @throws PictureError */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  let text: string;
  try {
    text = atob(base64);
  } catch (error) {
    if (error instanceof DOMException) throw new PictureError('The picture is damaged.');
    throw error;
  }
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return bytes;
}

/** Netpbm's header: the magic word, width, height and the largest value, apart by white space and comments; one white space ends it. */
const ppmHeader = /^P6(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,5})\s/;
const longestHeader = 1024;

/** Reads a PPM (P6) of one byte for each colour. @throws PictureError */
export function readPpm(bytes: Uint8Array): Pixels {
  const head = ppmHeader.exec(String.fromCharCode(...bytes.subarray(0, longestHeader)));
  if (head === null) throw new PictureError('The picture is no PPM.');
  const { width, height } = checkedSize(Number(head[1]), Number(head[2]));
  const largest = Number(head[3]);
  if (largest < 1 || largest > 255) throw new PictureError('The picture has colours of more than 8 bits.');
  const data = bytes.subarray(head[0].length);
  if (data.length < width * height * 3) throw new PictureError('The picture breaks off.');
  const rgba = new Uint8ClampedArray(width * height * 4);
  const scale = 255 / largest;
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = (data[from] ?? 0) * scale;
    rgba[to + 1] = (data[from + 1] ?? 0) * scale;
    rgba[to + 2] = (data[from + 2] ?? 0) * scale;
    rgba[to + 3] = 255;
  }
  return { width, height, rgba };
}

const pngStart = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The size that a PNG says it has (its first chunk, IHDR), before anything of it is decoded. @throws PictureError */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < 24 || pngStart.some((byte, place) => bytes[place] !== byte)) {
    throw new PictureError('The picture is no PNG.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return checkedSize(view.getUint32(16), view.getUint32(20));
}

/** Brighter than this is not taken for black, out of 255. */
const darkest = 40;
/** What differs more than this has something on it. */
const sameColour = 10;

/** Whether all of it is one dark colour: what a blanked console, or a screen that did not come back, looks like. */
export function isDark({ rgba }: Pick<Pixels, 'rgba'>): boolean {
  const [red = 0, green = 0, blue = 0] = rgba;
  if (Math.max(red, green, blue) > darkest) return false;
  for (let place = 0; place < rgba.length; place += 4) {
    if (
      Math.abs((rgba[place] ?? 0) - red) > sameColour ||
      Math.abs((rgba[place + 1] ?? 0) - green) > sameColour ||
      Math.abs((rgba[place + 2] ?? 0) - blue) > sameColour
    ) {
      return false;
    }
  }
  return true;
}
