import { describe, expect, it } from 'vitest';
import { bytesOf, isDark, PictureError, pngSize, readPpm } from '../../../renderer/picture';

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('a PPM', () => {
  it('is read as QEMU writes it', () => {
    expect(readPpm(latin('P6\n2 1\n255\n\x01\x02\x03\xff\xfe\xfd'))).toEqual({
      width: 2,
      height: 1,
      rgba: Uint8ClampedArray.of(1, 2, 3, 255, 255, 254, 253, 255),
    });
  });

  it('may have comments, any white space, and a smaller scale; pixels that look like white space are pixels', () => {
    const read = readPpm(latin('P6 # made by\n#\n 1\t# wide\n1 \r\n 15\n\n\x0f '));
    expect(read).toEqual({ width: 1, height: 1, rgba: Uint8ClampedArray.of(170, 255, 255, 255) });
  });

  it.each([
    ['P5\n1 1\n255\nabc', 'no PPM'],
    ['P6\n1 1\n', 'no PPM'],
    ['', 'no PPM'],
    [`P6${'#'.repeat(2000)}`, 'no PPM'],
    ['P6\n-1 1\n255\nabc', 'no PPM'],
    ['P6\n1 2\n255\nabc', 'breaks off'],
    ['P6\n0 1\n255\n', 'empty'],
    ['P6\n1 1\n65535\nabcdef', '8 bits'],
    ['P6\n999999 999999\n255\n', 'too large: 999999 × 999999'],
  ])('%j is refused: %s', (text, words) => {
    expect(() => readPpm(latin(text))).toThrow(PictureError);
    expect(() => readPpm(latin(text))).toThrow(words);
  });
});

describe('a PNG', () => {
  const png = (width: number, height: number) => {
    const bytes = new Uint8Array(33);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const view = new DataView(bytes.buffer);
    view.setUint32(16, width);
    view.setUint32(20, height);
    return bytes;
  };

  it('tells its size', () => {
    expect(pngSize(png(1920, 1080))).toEqual({ width: 1920, height: 1080 });
    // As part of a larger buffer.
    const around = new Uint8Array(64);
    around.set(png(640, 480), 7);
    expect(pngSize(around.subarray(7, 40))).toEqual({ width: 640, height: 480 });
  });

  it.each([
    [png(0, 5), 'empty'],
    [png(2 ** 31, 2 ** 31), 'too large'],
    [png(7681, 4320), 'too large'],
    [png(1, 1).subarray(0, 20), 'no PNG'],
    [latin('GIF89a..................'), 'no PNG'],
  ])('%# that cannot be shown is refused', (bytes, words) => {
    expect(() => pngSize(bytes)).toThrow(words);
  });
});

describe('base64', () => {
  it('gives the bytes, or says that it is damaged', () => {
    expect(bytesOf('AP8K')).toEqual(Uint8Array.of(0, 255, 10));
    expect(() => bytesOf('*')).toThrow(PictureError);
  });
});

describe('a dark screen', () => {
  const of = (...pixels: number[][]) => ({ rgba: Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255])) });
  it('is one of one dark colour all over', () => {
    expect(isDark(of([0, 0, 0], [0, 0, 0]))).toBe(true);
    expect(isDark(of([20, 20, 30], [22, 18, 31]))).toBe(true);
    expect(isDark(of([0, 0, 0], [0, 0, 0], [0, 0, 170]))).toBe(false);
    expect(isDark(of([0, 0, 0], [12, 12, 12]))).toBe(false);
    expect(isDark(of([200, 200, 200], [200, 200, 200]))).toBe(false);
    expect(isDark(of([0, 0, 60], [0, 0, 60]))).toBe(false);
  });
});
