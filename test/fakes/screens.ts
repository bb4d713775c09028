import type { GuestScreen } from '../../preload/contract/view';

/** What a fake guest shows: a firmware's text on blue, nothing at all, or just this. */
export type FakeScreen = 'lit' | 'dark' | Exclude<GuestScreen, { data: string }> | Omit<Extract<GuestScreen, { data: string }>, 'at'>;

/** A PPM (P6) in base64. */
export function ppm(width: number, height: number, colourAt: (x: number, y: number) => readonly [number, number, number]): string {
  let text = `P6\n${width} ${height}\n255\n`;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) text += String.fromCharCode(...colourAt(x, y));
  }
  return btoa(text);
}

/** Lines of what might be text. */
const isInk = (x: number, y: number): boolean => y % 12 < 7 && y > 20 && y < 160 && x > 16 && x < 60 + ((y * 37) % 220) && (x * 7 + y) % 5 < 3;

const pictures = {
  lit: () => ppm(320, 200, (x, y) => (isInk(x, y) ? [214, 219, 232] : [18, 26, 58])),
  dark: () => ppm(320, 200, () => [0, 0, 0]),
};

export const screenOf = (screen: FakeScreen, at: number): GuestScreen => {
  if (screen === 'lit' || screen === 'dark') return { at, mime: 'image/x-portable-pixmap', data: pictures[screen]() };
  return 'missing' in screen ? screen : { at, ...screen };
};
