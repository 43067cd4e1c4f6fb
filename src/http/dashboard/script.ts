/** The dashboard's script, a file of its own to the browser. It stands in a text so that the build has nothing to copy. */
export const dashboardScript = `const everyMs = 2000;
const byId = id => document.getElementById(id);
const cell = (text, number) => {
  const td = document.createElement('td');
  td.textContent = text;
  if (number) td.className = 'number';
  return td;
};
const row = cells => {
  const tr = document.createElement('tr');
  tr.append(...cells);
  return tr;
};
let before;

const show = data => {
  const rates = new Map(before?.commands.map(({ name, outcome, count }) => [name + ' ' + outcome, count]));
  const figures = {
    instance: data.instance,
    'up, s': data.uptime_s,
    'lag p99, ms': data.event_loop_lag_p99_ms,
    'memory, MB': Math.round(data.rss_bytes / 1e6),
    ...Object.fromEntries(Object.entries(data.connections).map(([name, count]) => ['sockets ' + name, count])),
  };
  byId('figures').replaceChildren(
    ...Object.entries(figures).map(([name, value]) => {
      const box = document.createElement('div');
      const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
      dt.textContent = name;
      dd.textContent = value;
      box.append(dt, dd);
      return box;
    }),
  );
  byId('commands').replaceChildren(
    ...data.commands.map(({ name, outcome, count, ms }) => {
      const rate = before ? (count - (rates.get(name + ' ' + outcome) ?? 0)) / (everyMs / 1000) : 0;
      return row([cell(name), cell(outcome), cell(count, true), cell(rate.toFixed(1), true), cell((ms / count).toFixed(2), true)]);
    }),
  );
  byId('events').replaceChildren(
    ...Object.entries(data.events).map(([name, count]) => row([cell(name), cell(count, true)])),
  );
  before = data;
};

const refresh = async () => {
  try {
    const answer = await fetch('/dashboard/data.json');
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    byId('state').textContent = 'Live.';
  } catch {
    byId('state').textContent = 'The server does not answer.';
  }
  setTimeout(refresh, everyMs);
};
refresh();
`;
