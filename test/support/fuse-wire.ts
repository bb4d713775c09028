/** Source: Electron's docs/tutorial/fuses.md; a mark, the version 1, how many fuses there are, and each as '0' or '1'. */
export const fuseWire = (wire: string): Buffer => Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, wire.length]), Buffer.from(wire)]);
