// Keeps the page up to date while GitHub's first data come.
'use strict';

const EVERY = 2000;
const section = document.querySelector('[data-progress]');

async function look() {
  try {
    const response = await fetch('/setup/progress.json', { cache: 'no-store' });
    if (!response.ok) return location.reload();
    show(await response.json());
  } catch {
    // Lampboard is away for a moment; the page says what it knew last.
  }
  setTimeout(look, EVERY);
}

function show(arrival) {
  if (section.dataset.progress === 'install') {
    if (arrival.installation.done) location.assign('/setup/data');
    return;
  }
  for (const name of ['installation', 'history', 'delivery']) mark(name, arrival[name]);
  for (const name of ['installation', 'delivery']) {
    const hint = document.getElementById(`no-${name}`);
    if (hint) hint.hidden = arrival[name].done;
  }
  document.getElementById('finish').classList.toggle('primary', arrival.ready);
  backfills(arrival.backfills);
}

function mark(name, { done, text }) {
  const line = document.getElementById(name);
  line.toggleAttribute('data-done', done);
  say(line.querySelector('.text'), text);
}

function backfills(loading) {
  const list = document.getElementById('backfills');
  while (list.children.length > loading.length) list.lastElementChild.remove();
  while (list.children.length < loading.length) list.append(row());
  loading.forEach(({ repository, percent, text }, index) => {
    const [name, bar, runs] = list.children[index].children;
    say(name, repository);
    say(runs, text);
    bar.value = percent;
    bar.setAttribute('aria-label', repository);
  });
}

function row() {
  const item = document.createElement('li');
  const bar = document.createElement('progress');
  bar.max = 100;
  item.append(part('repository'), bar, part('runs'));
  return item;
}

function part(name) {
  const span = document.createElement('span');
  span.className = name;
  return span;
}

// Only what changed, so that nothing is read out or selected anew.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

setTimeout(look, EVERY);
