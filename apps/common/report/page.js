// Draws the page from the JSON in #data. Texts of the JSON are inserted as text, never as HTML.
"use strict";
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const section = name => document.getElementById(name);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plural = count => count.toLocaleString("en") + (count === 1 ? " unit" : " units");

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // A picture has a label for screen readers and a class by which the tests find it.
  function picture(element, name) {
    element.classList.add("picture");
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", name);
    return element;
  }

  // A scrollable box can be focused, so that it can be scrolled by keyboard.
  function scrolling(name, child) {
    const box = make("div", {className: "scroll", tabIndex: 0}, child);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", name);
    return box;
  }

  const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

  // `paint(byte)` returns red, green and blue.
  function paintPixels(canvas, image, paint) {
    canvas.width = image.columns;
    canvas.height = image.rows;
    const pixels = new ImageData(image.columns, image.rows);
    bytesOf(image.bytes).forEach((byte, i) => pixels.data.set([...paint(byte), 255], 4 * i));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  // Rounded, but a share below 1 is never shown as 100.00 %.
  function percent(share) {
    if (share == null || Number.isNaN(share)) return "\u2013";
    const text = (100 * share).toFixed(2);
    return text === "100.00" && share < 1 ? "> 99.99 %" : text + " %";
  }

  // Charts.

  const kSteps = [1, 2, 5].flatMap(digit => [...Array(10).keys()].map(power => digit * 10 ** power)).sort((a, b) => a - b);
  const kDashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
  const kKinds = [
    {key: "loss", title: "Loss", show: value => value.toPrecision(4)},
    {key: "accuracy", title: "Accuracy", show: percent},
  ];
  const shown = (kind, value) => (value == null ? "\u2013" : kind.show(value));
  const known = values => values.filter(value => value != null);

  // Tick labels with the digits that their distance requires. Accuracies are fractions, shown in percent.
  function ticks(kind, values, step) {
    const factor = kind.key === "accuracy" ? 100 : 1;
    const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step * factor) + 1e-9)));
    return values.map(value => (value == null ? "" : (value * factor).toFixed(digits) + (factor === 100 ? " %" : "")));
  }

  function valueRange(kind, low, high) {
    if (low == null) return [0, 1];
    const margin = high > low ? 0.06 * (high - low) : 0.05 * Math.max(Math.abs(high), 0.1);
    const range = [low - margin, high + margin];
    if (low >= 0) range[0] = Math.max(0, range[0]);
    if (kind.key === "accuracy") range[1] = Math.min(1, range[1]);
    return range[0] < range[1] ? range : [range[0] - 0.5, range[1] + 0.5];
  }

  function drawChart(host, kind) {
    const series = report.series.filter(one => one[kind.key].length > 0);
    const epochs = Math.max(...series.map(one => one[kind.key].length));
    const numbers = Array.from({length: epochs}, (_, i) => i + 1);
    const values = series.map(one => numbers.map((_, i) => one[kind.key][i] ?? null));
    const showLast = plot => plot.setLegend({idx: epochs - 1});
    const ink = color("--soft");
    const axis = {stroke: ink, grid: {stroke: color("--line"), width: 1}, ticks: {stroke: color("--line"), width: 1, size: 5},
                  font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif"};
    return new uPlot({
      width: host.clientWidth,
      height: 270,
      hooks: {ready: [showLast], setCursor: [plot => plot.cursor.idx == null && showLast(plot)]},
      scales: {
        x: {time: false, range: (_, low, high) => (low == null ? [0, 1] : low === high ? [low - 0.5, high + 0.5] : [low, high])},
        y: {range: (_, low, high) => valueRange(kind, low, high)},
      },
      axes: [
        {...axis, label: "epoch", size: 32, labelSize: 20, incrs: kSteps},
        {...axis, size: 62, values: (_, splits, index, space, step) => ticks(kind, splits, step)},
      ],
      series: [
        {label: "epoch"},
        ...series.map(one => {
          const place = report.series.indexOf(one);
          const stroke = color(`--series-${place % 4}`);
          return {label: one.name, stroke, width: 2, dash: kDashes[place % 4], value: (_, value) => shown(kind, value),
                  points: {show: epochs <= 40, size: 6, stroke, fill: stroke}};
        }),
      ],
    }, [numbers, ...values], host);
  }

  function describe(kind) {
    return `${kind.title} by epoch. ` + report.series.filter(one => known(one[kind.key]).length > 0).map(one => {
      const values = known(one[kind.key]);
      return `${one.name}: ${shown(kind, values[0])} in the first epoch, ${shown(kind, values[values.length - 1])} in the last.`;
    }).join(" ");
  }

  function epochTable() {
    const columns = report.series.flatMap(one => kKinds.filter(kind => one[kind.key].length > 0).map(kind => ({one, kind})));
    const head = make("tr", {}, make("th", {scope: "col"}, "epoch"),
                      ...columns.map(({one, kind}) => make("th", {scope: "col"}, `${one.name} ${kind.key}`)));
    const body = make("tbody");
    const epochs = Math.max(...columns.map(({one, kind}) => one[kind.key].length));
    for (let epoch = 0; epoch < epochs; ++epoch) {
      body.append(make("tr", {}, make("th", {scope: "row"}, String(epoch + 1)),
                       ...columns.map(({one, kind}) => make("td", {}, shown(kind, one[kind.key][epoch])))));
    }
    return make("table", {}, make("thead", {}, head), body);
  }

  const charts = [];
  function drawCharts() {
    for (const chart of charts) {
      chart.plot?.destroy();
      chart.plot = drawChart(chart.host, chart.kind);
    }
  }

  function addCharts() {
    const kinds = kKinds.filter(kind => report.series.some(one => known(one[kind.key]).length > 0));
    if (kinds.length === 0) return;
    section("curves").hidden = false;
    for (const kind of kinds) {
      const host = picture(make("div", {className: "chart"}), describe(kind));
      section("charts").append(make("figure", {}, make("figcaption", {}, kind.title), host));
      charts.push({host, kind});
    }
    drawCharts();
    let waiting = 0;
    new ResizeObserver(() => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => {
        for (const {host, plot} of charts)
          if (host.clientWidth !== plot.width) plot.setSize({width: host.clientWidth, height: plot.height});
      });
    }).observe(section("charts"));
    const fill = () => section("epochs").append(scrolling("Table of all epochs", epochTable()));
    section("epochs").addEventListener("toggle", fill, {once: true});  // built on demand, because there may be many epochs
  }

  // Tables and lists.

  function entries(list, entriesOf) {
    for (const {name, value} of entriesOf) {
      const long = value.length > 12 ? "long" : "";
      list.append(make("div", {}, make("dt", {}, name), make("dd", {className: long}, value)));
    }
    return list;
  }

  function addConfusion() {
    const classes = report.classes, counts = report.confusion;
    if (counts.length === 0) return;
    section("confusion").hidden = false;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const right = classes.reduce((sum, _, i) => sum + counts[i * classes.length + i], 0);
    const tall = classes.some(name => name.length > 4) ? " tall" : "";
    const head = make("thead", {},
      make("tr", {}, make("th"), make("th", {className: "axis", colSpan: classes.length}, "guess"), make("th"), make("th")),
      make("tr", {}, make("th", {className: "axis", scope: "col"}, "label"),
           ...classes.map(name => make("th", {className: "guess" + tall, scope: "col", title: name}, make("span", {}, name))),
           make("th", {className: "guess", scope: "col"}, "correct"), make("th", {className: "guess", scope: "col"}, "total")));
    const body = make("tbody");
    classes.forEach((label, row) => {
      const cells = counts.slice(row * classes.length, (row + 1) * classes.length);
      const sum = cells.reduce((a, b) => a + b, 0);
      const line = make("tr", {}, make("th", {scope: "row", title: label}, label));
      cells.forEach((count, column) => {
        const share = sum > 0 ? count / sum : 0;
        const kind = count === 0 ? "none" : row === column ? "right" : "wrong";
        const title = `${label}, classified as ${classes[column]}: ${count} of ${sum}, ${percent(count / sum)}`;
        const cell = make("td", {className: kind, title}, count.toLocaleString("en"));
        // Mistakes are a few percent: the square root makes their differences visible.
        cell.style.setProperty("--shade", row === column ? share : Math.sqrt(share));
        line.append(cell);
      });
      line.append(make("td", {className: "total"}, percent(cells[row] / sum)),
                  make("td", {className: "total"}, sum.toLocaleString("en")));
      body.append(line);
    });
    section("confusion").append(
      make("p", {}, `${right.toLocaleString("en")} of ${total.toLocaleString("en")} ${report.examples} correct: ${percent(right / total)}`),
      scrolling("Confusion matrix", make("table", {}, head, body)));
  }

  function addMistakes() {
    if (report.mistakes.length === 0) return;
    section("mistakes").hidden = false;
    const list = make("ol", {className: report.mistakes.some(mistake => mistake.image) ? "" : "texts"});
    for (const mistake of report.mistakes) {
      const confidence = percent(mistake.confidence);
      const item = make("li");
      if (mistake.image) {
        const canvas = picture(make("canvas", {className: "pixels"}),
                               `${mistake.example || "Image"}: ${mistake.label}, classified as ${mistake.guess} with confidence ${confidence}`);
        paintPixels(canvas, mistake.image, byte => [byte, byte, byte]);
        item.append(canvas);
      }
      if (mistake.example) item.append(make("p", {className: "example"}, mistake.example));
      item.append(entries(make("dl"), [{name: "label", value: mistake.label}, {name: "guess", value: mistake.guess},
                                       {name: "confidence", value: confidence}]));
      list.append(item);
    }
    section("mistakes").append(
      make("p", {className: "note"},
           `The wrong guesses with the highest confidence among the ${report.examples}, in descending order of confidence.`), list);
  }

  // Weights.

  const rgb = text => [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16));
  const weightImages = [];
  let weightScale = null;

  // -127 is the strongest negative weight, 127 the strongest positive one; -128 stands for NaN and infinity.
  function weightPalette() {
    const [negative, zero, positive, missing] = ["negative", "zero", "positive", "missing"].map(name => rgb(color("--weight-" + name)));
    return byte => {
      const value = byte > 127 ? byte - 256 : byte;
      if (value === -128) return missing;
      const end = value < 0 ? negative : positive, share = Math.abs(value) / 127;
      return zero.map((from, i) => Math.round(from + share * (end[i] - from)));
    };
  }

  function drawWeights() {
    if (!weightScale) return;
    const paint = weightPalette();
    const bar = weightScale.getContext("2d");
    weightScale.width = 255;
    weightScale.height = 1;
    for (let value = -127; value <= 127; ++value) {
      bar.fillStyle = `rgb(${paint((value + 256) % 256).join(" ")})`;
      bar.fillRect(value + 127, 0, 1, 1);
    }
    for (const {canvas, image} of weightImages) paintPixels(canvas, image, paint);
  }

  function addWeights() {
    const {images, units, scale, share} = report.weights;
    if (images.length === 0) return;
    section("weights").hidden = false;
    weightScale = picture(make("canvas"), `Colours from ${-scale} to ${scale}`);
    const list = make("ol");
    images.forEach((image, i) => {
      const canvas = picture(make("canvas", {className: "pixels"}), `Weights of unit ${i + 1}`);
      weightImages.push({canvas, image});
      list.append(make("li", {}, canvas, String(i + 1)));
    });
    const which = images.length < units ? `The first ${images.length} of ${plural(units)}` : plural(units);
    section("weights").append(
      make("p", {className: "note"}, `${which}, each shown as the weights of its inputs. All images share one colour scale; the largest ` +
           `${((1 - share) * 100).toFixed(1)} % of the weights may exceed it.`),
      make("div", {className: "scale"}, "\u2212" + scale.toPrecision(3), weightScale, "+" + scale.toPrecision(3)), list);
    drawWeights();
  }

  function addTexts() {
    if (report.model) {
      section("model").hidden = false;
      section("model").append(scrolling("Model", make("pre", {}, report.model)));
    }
    if (report.settings.length > 0) {
      section("settings").hidden = false;
      section("settings").append(entries(make("dl"), report.settings));
    }
    if (report.command) {
      section("command").hidden = false;
      section("command").append(make("pre", {className: "wrapped"}, make("code", {}, report.command)));
    }
  }

  // Stores measurements of the page in attributes, which the tests read.
  function measure() {
    const pictures = document.querySelectorAll(".picture");
    for (const each of pictures) {
      const canvas = each.matches("canvas") ? each : each.querySelector("canvas");
      const box = each.getBoundingClientRect();
      const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      Object.assign(each.dataset, {width: Math.round(box.width), height: Math.round(box.height), colors: new Set(pixels).size});
    }
    const page = document.documentElement;
    Object.assign(page.dataset, {pictures: pictures.length, pageWidth: page.scrollWidth, pageHeight: page.scrollHeight,
                                 requests: performance.getEntriesByType("resource").length});
  }

  entries(section("summary"), report.summary);
  addCharts();
  addConfusion();
  addMistakes();
  addWeights();
  addTexts();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawCharts();
    drawWeights();
  });
  if (location.hash === "#measure") addEventListener("load", () => setTimeout(measure, 200));
})();
