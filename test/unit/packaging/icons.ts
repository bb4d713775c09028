/** One picture of an icon file. Sizes in pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG's size, from its IHDR chunk. Source: PNG specification (W3C), 5.2 and 11.2.2. @throws Error for anything else */
export function readPng(bytes: Uint8Array): Picture {
  const data = Buffer.from(bytes);
  if (!data.subarray(0, 8).equals(PNG) || data.toString('latin1', 12, 16) !== 'IHDR') throw new Error('It is no PNG');
  return { width: data.readUInt32BE(16), height: data.readUInt32BE(20), bytes };
}

/** The pictures of an .ico, each a PNG of the size that its directory states. Source: Microsoft, "Icons in Win32". @throws Error */
export function readIco(bytes: Uint8Array): readonly Picture[] {
  const data = Buffer.from(bytes);
  if (data.readUInt16LE(0) !== 0 || data.readUInt16LE(2) !== 1) throw new Error('It is no icon');
  return Array.from({ length: data.readUInt16LE(4) }, (_, index) => {
    const at = 6 + 16 * index;
    const [length, offset] = [data.readUInt32LE(at + 8), data.readUInt32LE(at + 12)];
    const picture = readPng(data.subarray(offset, offset + length));
    // 0 stands for 256.
    if ((data[at] || 256) !== picture.width || (data[at + 1] || 256) !== picture.height) throw new Error(`Picture ${index} is of another size`);
    return picture;
  });
}

/** The pictures of an .icns by their types, each a PNG. Source: Apple Icon Image format; the length of the file stands in it. @throws Error */
export function readIcns(bytes: Uint8Array): ReadonlyMap<string, Picture> {
  const data = Buffer.from(bytes);
  if (data.toString('latin1', 0, 4) !== 'icns' || data.readUInt32BE(4) !== data.length) throw new Error('It is no icon');
  const pictures = new Map<string, Picture>();
  for (let at = 8; at < data.length; at += data.readUInt32BE(at + 4)) {
    pictures.set(data.toString('latin1', at, at + 4), readPng(data.subarray(at + 8, at + data.readUInt32BE(at + 4))));
  }
  return pictures;
}
