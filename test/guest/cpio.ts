/** One member of an initramfs; a path is relative to its root and its folders come before it. */
export type CpioEntry =
  | { kind: 'directory'; path: string }
  | { kind: 'file'; path: string; mode: number; content: Buffer }
  | { kind: 'link'; path: string; target: string };

const TYPE_BITS = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const;

/**
 * Writes an uncompressed cpio archive in the "newc" format, every member owned by root and dated 1970, so
 * that the same input gives the same bytes whoever builds it.
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const members = entries.map((entry, index) => member(entry, index + 1));
  return Buffer.concat([...members, encode('TRAILER!!!', 0, 0, Buffer.alloc(0))]);
}

function member(entry: CpioEntry, inode: number): Buffer {
  switch (entry.kind) {
    case 'directory':
      return encode(entry.path, inode, TYPE_BITS.directory | 0o755, Buffer.alloc(0));
    case 'file':
      return encode(entry.path, inode, TYPE_BITS.file | entry.mode, entry.content);
    case 'link':
      return encode(entry.path, inode, TYPE_BITS.link | 0o777, Buffer.from(entry.target));
  }
}

function encode(name: string, inode: number, mode: number, content: Buffer): Buffer {
  const nameBytes = Buffer.from(`${name}\0`);
  // inode, mode, uid, gid, links, mtime, size, device major+minor, node major+minor, name size, check
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([pad(Buffer.concat([Buffer.from(header), nameBytes])), pad(content)]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
