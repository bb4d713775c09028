import { useEffect, useRef, useState } from 'react';
import type { GuestScreen } from '../../preload/contract/view';
import { bytesOf, isDark, PictureError, pngSize, readPpm } from '../picture';
import { Block } from './untrusted';

export type ShownScreen = Extract<GuestScreen, { data: string }>;

/** What was drawn, or why nothing was. */
export type Drawn = { width: number; height: number; dark: boolean } | { problem: string };

/** Draws the picture on the canvas, unless `isCurrent` says that another one has come meanwhile. */
async function draw(canvas: HTMLCanvasElement, { mime, data }: ShownScreen, isCurrent: () => boolean): Promise<Drawn> {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return { problem: 'This window cannot draw pictures.' };
  const resize = ({ width, height }: { width: number; height: number }) => {
    // A canvas is emptied by it, so that it would flicker.
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
  };
  try {
    const bytes = bytesOf(data);
    if (mime === 'image/x-portable-pixmap') {
      const pixels = readPpm(bytes);
      resize(pixels);
      context.putImageData(new ImageData(pixels.rgba, pixels.width, pixels.height), 0, 0);
      return { width: pixels.width, height: pixels.height, dark: isDark(pixels) };
    }
    const size = pngSize(bytes);
    const bitmap = await createImageBitmap(new Blob([bytes], { type: mime }));
    if (isCurrent()) {
      resize(size);
      context.drawImage(bitmap, 0, 0);
    }
    bitmap.close();
    return { ...size, dark: isDark({ rgba: context.getImageData(0, 0, size.width, size.height).data }) };
  } catch (error) {
    if (error instanceof PictureError) return { problem: error.message };
    // What createImageBitmap says of a PNG that it cannot decode.
    if (error instanceof DOMException) return { problem: 'The picture is damaged.' };
    throw error;
  }
}

/** A picture of a screen, drawn on a canvas: nothing is loaded, so the page's policy needs no exception. */
export function Picture({ screen, label, onDrawn }: { screen: ShownScreen; label: string; onDrawn: (drawn: Drawn) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let current = true;
    if (canvas.current === null) return;
    void draw(canvas.current, screen, () => current).then((drawn) => {
      if (!current) return;
      setProblem('problem' in drawn ? drawn.problem : '');
      onDrawn(drawn);
    });
    return () => {
      current = false;
    };
  }, [screen, onDrawn]);
  return (
    <>
      <canvas ref={canvas} className="picture" role="img" aria-label={label} hidden={problem !== ''} width={1} height={1} />
      {problem === '' ? null : <Block text={problem} className="missing" />}
    </>
  );
}
