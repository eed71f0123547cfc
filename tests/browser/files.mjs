// Files that a browser can show or play, small or large.

import { readFileSync } from 'node:fs';

const fixture = (name) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

/** 3 x 2 pixels. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGNQaDgAQQxwFgBO1AhBM32XQgAAAABJRU5ErkJggg==',
  'base64',
);

/** VP9, 4 s. */
export const webm = fixture('clip.webm');

/** H.264, 4 s, with its index after the frames, as cameras write it. */
export const mp4 = fixture('clip.mp4');

/** The same, with `padding` bytes between frames and index. */
export function sparseMp4(padding) {
  const index = mp4.lastIndexOf('moov') - 4;
  const free = Buffer.alloc(padding);
  free.writeUInt32BE(padding);
  free.write('free', 4, 'latin1');
  return Buffer.concat([mp4.subarray(0, index), free, mp4.subarray(index)]);
}

/** A tone in 16 bits at 44,100 Hz. */
export function wav(seconds) {
  const rate = 44_100;
  const bytes = Buffer.alloc(44 + 2 * rate * seconds);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(bytes.length - 44, 40);
  for (let at = 44; at < bytes.length; at += 2) {
    bytes.writeInt16LE(Math.round(2_000 * Math.sin(at / 16)), at);
  }
  return bytes;
}

/** Pages that say `page 1` and so on, each with `padding` bytes that do nothing. */
export function pdf(pages, padding) {
  const parts = [];
  const offsets = [];
  let length = 0;
  const put = (text) => {
    const bytes = Buffer.from(text, 'latin1');
    parts.push(bytes);
    length += bytes.length;
  };
  const object = (number, text) => {
    offsets[number] = length;
    put(`${number} 0 obj\n${text}\nendobj\n`);
  };
  const numbers = Array.from({ length: pages }, (_, index) => index);
  put('%PDF-1.7\n');
  object(1, '<< /Type /Catalog /Pages 2 0 R >>');
  const kids = numbers.map((index) => `${index + 4} 0 R`).join(' ');
  object(2, `<< /Type /Pages /Kids [${kids}] /Count ${pages} /MediaBox [0 0 612 792] >>`);
  object(3, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  // Every page object before any content, so that a page is found without other pages' content.
  for (const index of numbers) {
    const contents = `${index + 4 + pages} 0 R`;
    object(index + 4, `<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents ${contents} >>`);
  }
  for (const index of numbers) {
    const content = `BT /F1 24 Tf 72 700 Td (page ${index + 1}) Tj ET\n`.padEnd(padding, '%\n');
    object(index + 4 + pages, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  }
  const start = length;
  const rows = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  put(`xref\n0 ${offsets.length}\n0000000000 65535 f \n${rows.join('')}`);
  put(`trailer\n<< /Size ${offsets.length} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`);
  return Buffer.concat(parts);
}
