// Cycles between transactions, after Elle: an edge goes from the one that must have been first. Write
// to write by the order in a partition, write to read where one has read what the other wrote.

export function checkDependencies(history, report) {
  const { ww, wr, wrUncommitted } = edgesOf(history);
  const byReads = cycles([wr]);
  for (const cycle of byReads) {
    report.find('cycle of reads (G1c)', `each has read what the other wrote: ${cycle.join(', ')}`);
  }
  const known = new Set(byReads.flat());
  for (const [kind, edges] of [
    ['G1c-uncommitted', [wr, wrUncommitted]],
    ['G0', [ww]],
    ['G1c-ww', [ww, wr]],
  ]) {
    for (const cycle of cycles(edges)) {
      if (kind === 'G1c-ww' && !hasReadWithin(cycle, wr)) continue;
      if (!cycle.every((id) => known.has(id))) report.count(kind);
    }
  }
}

function edgesOf(history) {
  const [ww, wr, wrUncommitted] = [new Map(), new Map(), new Map()];
  const add = (edges, from, to) => {
    if (from === to) return;
    if (!edges.has(from)) edges.set(from, new Set());
    edges.get(from).add(to);
  };
  const writerOf = (value) => history.transactions.get(history.writes.get(value)?.txn);
  for (const records of history.final.committed.values()) {
    let before;
    for (const { value } of records) {
      const id = writerOf(value)?.id;
      if (id === undefined) continue;
      if (before !== undefined) add(ww, before, id);
      before = id;
    }
  }
  for (const txn of history.transactions.values()) {
    if (!txn.isThere) continue;
    for (const { value, isolation } of txn.reads) {
      const writer = writerOf(value);
      if (!writer?.isThere) continue;
      add(isolation === 'read_committed' ? wr : wrUncommitted, writer.id, txn.id);
    }
  }
  return { ww, wr, wrUncommitted };
}

/** A strongly connected part goes round by a read where a read leads from one of its own to another. */
function hasReadWithin(cycle, wr) {
  const own = new Set(cycle);
  return cycle.some((id) => [...(wr.get(id) ?? [])].some((to) => own.has(to)));
}

/** The strongly connected parts of more than one node (Tarjan, without recursion). */
function cycles(graphs) {
  const next = (id) => graphs.flatMap((edges) => [...(edges.get(id) ?? [])]);
  const [index, low, onStack] = [new Map(), new Map(), new Set()];
  const [stack, found] = [[], []];
  const visit = (id) => {
    index.set(id, index.size);
    low.set(id, index.get(id));
    stack.push(id);
    onStack.add(id);
    return { id, left: next(id) };
  };
  for (const start of new Set(graphs.flatMap((edges) => [...edges.keys()]))) {
    if (index.has(start)) continue;
    const work = [visit(start)];
    while (work.length > 0) {
      const { id, left } = work.at(-1);
      const to = left.pop();
      if (to === undefined) {
        work.pop();
        const parent = work.at(-1)?.id;
        if (parent !== undefined) low.set(parent, Math.min(low.get(parent), low.get(id)));
        if (low.get(id) === index.get(id)) {
          const part = stack.splice(stack.indexOf(id));
          for (const each of part) onStack.delete(each);
          if (part.length > 1) found.push(part);
        }
      } else if (!index.has(to)) work.push(visit(to));
      else if (onStack.has(to)) low.set(id, Math.min(low.get(id), index.get(to)));
    }
  }
  return found;
}
