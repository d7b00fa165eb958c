// Zoom, drag and play. The page is complete without it.
const root = document.documentElement, boards = [...document.querySelectorAll(".scroll")];
let scale = 80;

function zoom(to, board, x) {
  const before = scale;
  scale = Math.min(600, Math.max(6, to));
  root.style.setProperty("--s", scale);
  // What is under the pointer (or at the left edge) stays where it is.
  for (const b of boards) {
    const at = b === board ? x : 0;
    b.scrollLeft = (b.scrollLeft + at) * scale / before - at;
  }
}

function fit() {
  const longest = Math.max(...[...document.querySelectorAll(".call")].map(c => +c.style.getPropertyValue("--len")));
  zoom(boards[0].clientWidth / (longest + .4));
}

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.onclick = () => ({ in: () => zoom(scale * 1.5), out: () => zoom(scale / 1.5), fit })[button.dataset.zoom]();
}

for (const board of boards) {
  board.addEventListener("wheel", e => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    zoom(scale * Math.exp(-e.deltaY / 300), board, e.clientX - board.getBoundingClientRect().left);
  }, { passive: false });
  let drag = null;
  board.onpointerdown = e => { drag = { x: e.clientX, left: board.scrollLeft, moved: false }; };
  board.onpointermove = e => {
    if (!drag || !e.buttons) return;
    drag.moved ||= Math.abs(e.clientX - drag.x) > 4;
    board.scrollLeft = drag.left - (e.clientX - drag.x);
  };
  board.onpointerup = e => {
    if (drag && !drag.moved) seek(board.closest(".call"), (e.clientX - board.getBoundingClientRect().left + board.scrollLeft) / scale);
    drag = null;
  };
}

// Mu-law, both sides in turn, to a stereo WAV that every browser plays.
function wav(base64) {
  const bytes = atob(base64), out = new DataView(new ArrayBuffer(44 + bytes.length * 2));
  const text = (at, s) => [...s].forEach((c, i) => out.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); out.setUint32(4, 36 + bytes.length * 2, true); text(8, "WAVEfmt ");
  out.setUint32(16, 16, true); out.setUint16(20, 1, true); out.setUint16(22, 2, true);
  out.setUint32(24, 8000, true); out.setUint32(28, 32000, true); out.setUint16(32, 4, true); out.setUint16(34, 16, true);
  text(36, "data"); out.setUint32(40, bytes.length * 2, true);
  for (let i = 0; i < bytes.length; i++) {
    const u = ~bytes.charCodeAt(i) & 255, t = (((u & 15) << 3) + 132 << ((u & 112) >> 4)) - 132;
    out.setInt16(44 + i * 2, u & 128 ? -t : t, true);
  }
  return URL.createObjectURL(new Blob([out], { type: "audio/wav" }));
}

const players = new Map();
function player(call) {
  if (!players.has(call)) {
    const audio = new Audio(wav(call.querySelector(".audio").innerHTML));
    const button = call.querySelector(".play"), cursor = call.querySelector(".cursor"), board = call.querySelector(".scroll");
    audio.onplay = () => { button.textContent = "❚❚"; frame(); };
    audio.onpause = audio.onended = () => { button.textContent = "▶"; };
    const place = () => {
      const x = audio.currentTime * scale;
      cursor.style.left = x + "px"; cursor.style.opacity = 1;
      return x;
    };
    const frame = () => {
      const x = place(), from = board.scrollLeft, width = board.clientWidth;
      if (x < from || x > from + width * .85) board.scrollLeft = x - width * .15;
      if (!audio.paused) requestAnimationFrame(frame);
    };
    audio.ontimeupdate = place;
    audio.onseeked = place;
    players.set(call, audio);
  }
  return players.get(call);
}
function seek(call, seconds) { player(call).currentTime = Math.max(0, seconds); }
for (const button of document.querySelectorAll(".play")) {
  button.onclick = () => {
    const audio = player(button.closest(".call"));
    for (const other of players.values()) if (other !== audio) other.pause();
    audio.paused ? audio.play() : audio.pause();
  };
}
// A turn or an interruption shows where it happened.
for (const place of document.querySelectorAll("[data-at]")) {
  place.onclick = () => {
    const board = place.closest(".call").querySelector(".scroll");
    board.scrollTo({ left: place.dataset.at * scale - board.clientWidth * .4, behavior: "smooth" });
  };
}
addEventListener("keydown", e => {
  if (e.target.closest("button")) return;
  if (e.key === "+" || e.key === "=") zoom(scale * 1.5);
  if (e.key === "-") zoom(scale / 1.5);
  if (e.key === "0") fit();
});
