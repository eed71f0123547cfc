// Takes the pictures of the page that its documentation shows. The argument is the URL of an empty
// Coffer in development mode, the working directory the one that receives them.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Browser } from './browser.mjs';
import { mp4, wav } from './files.mjs';
import { Visitor, withFolder } from './visitor.mjs';

const [url] = process.argv.slice(2);

/** Paints a landscape, different for each number. */
function paint(number) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 360 });
  const brush = canvas.getContext('2d');
  const colour = (hue, light) => `hsl(${hue} 60% ${light}%)`;
  const sky = brush.createLinearGradient(0, 0, 0, 360);
  sky.addColorStop(0, colour(190 + 25 * number, 45));
  sky.addColorStop(1, colour(30 + 25 * number, 80));
  brush.fillStyle = sky;
  brush.fillRect(0, 0, 480, 360);
  brush.fillStyle = colour(45, 92);
  brush.beginPath();
  brush.arc(110 + 80 * number, 110, 42, 0, 7);
  brush.fill();
  for (const [height, light] of [[220, 38], [270, 28], [315, 18]]) {
    brush.fillStyle = colour(150 + 30 * number, light);
    brush.beginPath();
    brush.moveTo(0, 360);
    for (let x = 0; x <= 480; x += 8) brush.lineTo(x, height + 26 * Math.sin(x / (height / 4) + number));
    brush.lineTo(480, 360);
    brush.fill();
  }
  return canvas.toDataURL('image/png').split(',')[1];
}

/** Writes sample files into a folder, with their subfolders. */
async function write(folder, page) {
  const files = {
    'trip/contracts/lease.txt': 'Between the parties\n'.repeat(400),
    'trip/minutes/march.txt': 'Present: all\n'.repeat(90),
    'trip/budget.csv': 'item,amount\ntrain,120\nhotel,480\n'.repeat(60),
    'trip/clip.mp4': mp4,
    'trip/interview.wav': wav(9),
    'trip/notes.md': '# Notes\n\n- tickets\n'.repeat(80),
  };
  for (const [number, name] of ['bay', 'hills', 'lake', 'pass'].entries()) {
    files[`trip/${name}.png`] = Buffer.from(await page.evaluate(paint, number), 'base64');
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return Object.keys(files).length;
}

async function take(visitor, name) {
  // Thumbnails are loaded as they come into view.
  await visitor.page.waitForLoadState('networkidle');
  const session = await visitor.page.context().newCDPSession(visitor.page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  await writeFile(`${name}.webp`, data, 'base64');
}

const browser = await Browser.start();
const size = { viewport: { width: 1100, height: 720 } };
const first = await Visitor.open(browser, url, '#/user/', { colorScheme: 'light', ...size });
await first.signIn();
await withFolder(async (folder) => {
  const count = await write(folder, first.page);
  await first.drop([join(folder, 'trip')]);
  // Not "3 of 10 files uploaded".
  await first.hears(new RegExp(`(?<!of )${count} files uploaded`));
  await first.row('trip').waitFor();
});
await first.close();
for (const [name, options] of [
  ['light', { colorScheme: 'light', ...size }],
  ['dark', { colorScheme: 'dark', ...size }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 780 }, deviceScaleFactor: 1.5 }],
]) {
  const visitor = await Visitor.open(browser, url, '#/user/trip/', options);
  await visitor.signIn();
  await visitor.row('pass.png').waitFor();
  if (name === 'light') await visitor.select('bay.png', 'lake.png');
  await take(visitor, name);
  await visitor.close();
}
await browser.stop();
