const WIDTH = 320;
const HEIGHT = 200;
/** Where the land begins, from the top. */
const HORIZON = 150;
const SUN_RADIUS = 26;

type Colour = readonly [red: number, green: number, blue: number];

const zenith: Colour = [43, 42, 99];
const dawn: Colour = [244, 150, 94];
const land: Colour = [24, 24, 52];
const sun: Colour = [255, 196, 102];

/** The screen of a simulated guest as PPM (P6): a sunrise where it stands by its name; black while nothing draws it. */
export function paintScreen(name: string, isLit: boolean): Uint8Array {
  const head = Buffer.from(`P6\n${WIDTH} ${HEIGHT}\n255\n`, 'latin1');
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  if (isLit) {
    const sunAt = WIDTH / 5 + (sumOf(name) % ((WIDTH * 3) / 5));
    for (let y = 0; y < HEIGHT; y += 1) {
      for (let x = 0; x < WIDTH; x += 1) pixels.set(colourAt(x, y, sunAt), (y * WIDTH + x) * 3);
    }
  }
  return Buffer.concat([head, pixels]);
}

const sumOf = (name: string): number => [...name].reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), 7) % 9973;

function colourAt(x: number, y: number, sunAt: number): Colour {
  if (y >= HORIZON) return land;
  if (Math.hypot(x - sunAt, y - HORIZON) < SUN_RADIUS) return sun;
  const share = (y / HORIZON) ** 2;
  return [mixed(0, share), mixed(1, share), mixed(2, share)];
}

const mixed = (channel: 0 | 1 | 2, share: number): number =>
  Math.round(zenith[channel] * (1 - share) + dawn[channel] * share);
