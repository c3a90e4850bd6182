/** What the page's own program holds: compiled code, and what the browser keeps of its history, are not its doing. */
const OWN = new Set(["object", "closure", "array", "string", "concatenated string", "sliced string", "number", "bigint", "symbol", "regexp"]);

/** What is freed at the end of a task, or when something else is, takes further collections: so many that find nothing. */
const IN_VAIN = 2;

/** Bytes of everything that the page's program can reach, and elements that are in no document, once all is collected. */
export async function heap(inspector) {
  let held = await collected(inspector);
  for (let inVain = 0; inVain < IN_VAIN; inVain += 1) {
    const next = await collected(inspector);
    if (next.bytes < held.bytes || next.detached < held.detached) inVain = -1;
    held = { bytes: Math.min(held.bytes, next.bytes), detached: Math.min(held.detached, next.detached) };
  }
  return held;
}

async function collected(inspector) {
  await inspector.send("HeapProfiler.collectGarbage");
  const chunks = [];
  const gather = ({ chunk }) => chunks.push(chunk);
  inspector.on("HeapProfiler.addHeapSnapshotChunk", gather);
  await inspector.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  inspector.off("HeapProfiler.addHeapSnapshotChunk", gather);

  const { snapshot, nodes } = JSON.parse(chunks.join(""));
  const fields = snapshot.meta.node_fields;
  const [type, size, detached] = ["type", "self_size", "detachedness"].map((field) => fields.indexOf(field));
  const types = snapshot.meta.node_types[type];
  const held = { bytes: 0, detached: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (OWN.has(types[nodes[node + type]])) held.bytes += nodes[node + size];
    if (nodes[node + detached] === 2) held.detached += 1;
  }
  return held;
}
