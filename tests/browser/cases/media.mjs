// Video and audio: opened directly, and in pages that seek in them.

import assert from 'node:assert/strict';

import { until } from '../until.mjs';
import { mp4, sparseMp4, wav, webm } from '../files.mjs';

const MIB = 1 << 20;

const state = () => {
  const media = document.querySelector('video, audio');
  return { time: media.currentTime, ready: media.readyState, error: media.error?.message };
};

/**
 * Presses play, with the keyboard, and waits until it plays. In a sandbox there is no
 * autoplay.
 */
async function play(tab) {
  await tab.seeUntil(state, ({ ready }) => ready === 4);
  // So that the key goes to the frame, where there is one; a click that comes before the
  // frame is on the screen goes to the page.
  await until(async () => {
    await tab.page.mouse.click(20, 20);
    return tab.see(() => document.hasFocus());
  }, (has) => has);
  await tab.page.keyboard.press('Space');
  const { error } = await tab.seeUntil(state, ({ time }) => time > 0.2);
  assert.equal(error, undefined);
}

export async function media_plays_in_a_tab_and_in_a_frame({ browser, pages, coffer }) {
  for (const [name, type, bytes] of [
    ['a.webm', 'video/webm', webm],
    ['a.mp4', 'video/mp4', mp4],
    ['a.wav', 'audio/wav', wav(2)],
  ]) {
    const url = await coffer.store(`media/${name}`, type, bytes);
    const link = await coffer.link(`media/${name}`, type, bytes);
    for (const shown of [url, pages.framing(url), link]) {
      try {
        await play(await browser.tab(shown));
        await browser.closeTabs();
      } catch (error) {
        throw new Error(`${name} at ${shown}`, { cause: error });
      }
    }
  }
}

/** Loads a file in an element of a page and seeks to a time, then returns the tab. */
async function seek({ browser, pages }, element, url, time) {
  const tab = await browser.tab(pages.add(`<${element} src="${url}" preload="metadata" muted></${element}>`));
  const reached = await tab.run(async (time) => {
    const media = document.querySelector('video, audio');
    const event = (name) => new Promise((resolve, reject) => {
      media.addEventListener(name, resolve, { once: true });
      media.addEventListener('error', () => reject(new Error(media.error.message)), { once: true });
    });
    if (media.readyState < 1) await event('loadedmetadata');
    media.currentTime = time;
    await event('seeked');
    return media.currentTime;
  }, time);
  assert.equal(reached, time);
  return tab;
}

export async function seeking_in_a_video_requests_ranges(all) {
  const bytes = sparseMp4(16 * MIB);
  const url = await all.coffer.store('media/large.mp4', 'video/mp4', bytes);
  const tab = await seek(all, 'video', url, 3);
  const ranges = tab.ranges(url);
  // The index is at the end.
  const behind = ranges.filter(([first]) => first > 8 * MIB);
  assert.ok(behind.length > 0, JSON.stringify(ranges));
  assert.ok(ranges.every(([, , size]) => size === bytes.length), JSON.stringify(ranges));
}

export async function seeking_in_a_long_recording_requests_ranges(all) {
  const bytes = wav(300);
  const url = await all.coffer.store('media/long.wav', 'audio/wav', bytes);
  const tab = await seek(all, 'audio', url, 280);
  const ranges = tab.ranges(url);
  const behind = ranges.filter(([first]) => first > 20 * MIB);
  assert.ok(behind.length > 0, JSON.stringify(ranges));
}
