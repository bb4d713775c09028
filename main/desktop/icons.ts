import { nativeImage, type NativeImage } from 'electron';
import icon16 from '../../build/icons/16x16.png?inline';
import icon24 from '../../build/icons/24x24.png?inline';
import icon32 from '../../build/icons/32x32.png?inline';
import icon48 from '../../build/icons/48x48.png?inline';
import icon128 from '../../build/icons/128x128.png?inline';
import template from '../../build/tray/template.png?inline';
import template2 from '../../build/tray/template@2x.png?inline';

/** For the tray: macOS colours it itself; elsewhere it is a picture that stands out from dark and light panels. */
export function trayIcon(platform: NodeJS.Platform): NativeImage {
  switch (platform) {
    case 'darwin': {
      const image = scaled([1, template], [2, template2]);
      image.setTemplateImage(true);
      return image;
    }
    case 'win32':
      return scaled([1, icon16], [1.5, icon24], [2, icon32], [3, icon48]);
    default:
      // Panels scale it to their own size, and are told of one size only.
      return scaled([1, icon48]);
  }
}

/** For the window where the system does not take it from the app's package. */
export const windowIcon = (): NativeImage => scaled([1, icon128]);

function scaled(...images: readonly (readonly [factor: number, dataURL: string])[]): NativeImage {
  const image = nativeImage.createEmpty();
  for (const [scaleFactor, dataURL] of images) image.addRepresentation({ scaleFactor, dataURL });
  return image;
}
