// Two pictures of one original on each other, the left one up to a line; their difference; a magnifier over both.
const LENS = 160, ZOOM = 4, SMALL = 128;

function viewer(section) {
  const {pictures: shown, files} = models.get(section.dataset.model);
  const field = section.querySelector("form").elements, cut = section.querySelector("[name=cut]");
  const stage = section.querySelector(".stage"), [one, two] = stage.querySelectorAll("img");
  const apart = stage.querySelector(".apart"), lens = stage.querySelector(".lens");
  const options = (select, texts, chosen) => {
    select.replaceChildren(...texts.map((text, index) => new Option(text, index, index === chosen, index === chosen)));
  };
  const picture = () => shown[field.picture.value];
  const side = (name) => picture().made[field[name].value];

  function change() {
    const made = picture().made;
    const first = Math.max(0, made.findIndex((each) => each.first));
    const beside = made.findIndex((each) => each.beside === made[first].row);
    options(field.left, made.map((each) => each.title), first);
    options(field.right, made.map((each) => each.title), beside < 0 ? 0 : beside);
    const {width, height} = picture();
    const scale = Math.max(width, height) <= SMALL ? Math.floor(384 / Math.max(width, height)) : 1;
    stage.classList.toggle("small", scale > 1);
    for (const image of [one, two]) {
      image.width = width * scale;
      image.height = height * scale;
    }
    show();
  }

  async function show() {
    const [left, right] = [side("left"), side("right")];
    one.src = files[right.file];
    two.src = files[left.file];
    one.alt = right.title;
    two.alt = left.title;
    two.style.clipPath = `inset(0 ${100 - cut.value}% 0 0)`;
    section.querySelector(".values").textContent = `Left: ${left.text}. Right: ${right.text}.`;
    apart.hidden = !field.difference.checked;
    if (!apart.hidden) {
      await Promise.all([one.decode(), two.decode()]);
      difference();
    }
  }

  function pixels(image) {
    const canvas = new OffscreenCanvas(picture().width, picture().height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  function difference() {
    const [a, b] = [pixels(one), pixels(two)];
    for (let index = 0; index < a.data.length; index += 1) {
      a.data[index] = index % 4 === 3 ? 255 : Math.min(255, data.gain * Math.abs(a.data[index] - b.data[index]));
    }
    [apart.width, apart.height] = [a.width, a.height];
    apart.getContext("2d").putImageData(a, 0, 0);
  }

  function magnify(x, y) {
    const box = stage.getBoundingClientRect();
    const scale = picture().width / box.width, size = LENS / ZOOM * scale;
    const [left, top] = [x * scale - size / 2, y * scale - size / 2];
    lens.width = 2 * LENS;
    lens.height = LENS;
    const context = lens.getContext("2d");
    context.imageSmoothingEnabled = false;
    const source = apart.hidden ? [two, one] : [apart, apart];
    source.forEach((image, index) => context.drawImage(image, ...part(image, left, top, size), index * LENS, 0, LENS, LENS));
    lens.hidden = false;
    const across = Math.min(2 * LENS, box.width);
    lens.style.width = `${across}px`;
    lens.style.left = `${Math.max(0, Math.min(box.width - across, x - across / 2))}px`;
    lens.style.top = `${y + 24 + across / 2 < box.height ? y + 24 : Math.max(0, y - 24 - across / 2)}px`;
  }

  // The magnified part in the file's own pixels, which a browser may have scaled.
  function part(image, left, top, size) {
    const factor = (image.naturalWidth || image.width) / picture().width;
    return [left * factor, top * factor, size * factor, size * factor];
  }

  let at = null;
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", "Two pictures; with the magnifier on, the arrow keys move it");
  stage.addEventListener("pointermove", (event) => {
    if (!field.magnifier.checked) return;
    const box = stage.getBoundingClientRect();
    at = [event.clientX - box.left, event.clientY - box.top];
    magnify(...at);
  });
  for (const gone of ["pointerleave", "blur"]) stage.addEventListener(gone, () => { lens.hidden = true; });
  stage.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8]}[event.key];
    if (!step || !field.magnifier.checked) return;
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    at = at ?? [box.width / 2, box.height / 2];
    at = [Math.min(box.width, Math.max(0, at[0] + step[0])), Math.min(box.height, Math.max(0, at[1] + step[1]))];
    magnify(...at);
  });
  options(field.picture, shown.map((each, index) => `${index + 1} of ${shown.length}`), 0);
  field.picture.addEventListener("change", change);
  for (const name of ["left", "right", "difference", "magnifier"]) {
    field[name].addEventListener("change", () => { lens.hidden = true; show(); });
  }
  cut.addEventListener("input", show);
  change();
}

// A viewer's pictures are decoded only when it comes near.
const near = new IntersectionObserver((entries) => {
  entries.filter((each) => each.isIntersecting).forEach((each) => start(each.target));
}, {rootMargin: "400px"});
const waiting = new Set(document.querySelectorAll("section.pictures"));

function start(section) {
  near.unobserve(section);
  if (waiting.delete(section)) viewer(section);
}

waiting.forEach((section) => near.observe(section));
window.addEventListener("beforeprint", () => [...waiting].forEach(start));
