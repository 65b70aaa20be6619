/// What pages do. Data goes into text nodes and nowhere else.
enum PageScript {
    /// What all pages have: elements, sizes, tables, and which page this is.
    static let common = #"""
        "use strict";
        const data = JSON.parse(document.getElementById("data").textContent);
        const page = document.querySelector("main");

        function el(name, properties, ...children) {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(properties || {})) {
            if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
            else if (key === "class") element.className = value;
            else element.setAttribute(key, value);
          }
          for (const child of children.flat()) {
            if (child !== null && child !== undefined) element.append(child);
          }
          return element;
        }

        function size(bytes) {
          const sign = bytes < 0 ? "−" : "";
          bytes = Math.abs(bytes);
          if (bytes < 1000) return sign + bytes + " B";
          for (const [unit, one] of [["kB", 1e3], ["MB", 1e6], ["GB", 1e9], ["TB", 1e12]]) {
            const tenths = Math.floor((Math.floor(bytes / (one / 20)) + 1) / 2);
            if (tenths < 10000 || unit === "TB") return sign + Math.floor(tenths / 10) + "." + tenths % 10 + " " + unit;
          }
        }

        function card(value, text, kind) {
          return el("div", { class: "card " + (kind || "") }, el("b", {}, value), el("span", {}, text));
        }

        /// Rows are shown fifty at a time, and on paper all of them. A column is [title, class].
        function table(title, columns, rows, cells, options = {}) {
          if (!rows.length) return null;
          const body = el("tbody");
          const more = el("button", { class: "rest", type: "button" });
          const filter = el("input", { class: "filter", type: "search", placeholder: "filter", "aria-label": "filter " + title });
          let chosen = rows, shown = 0;
          function add(count) {
            for (const row of chosen.slice(shown, shown + count)) {
              const line = el("tr", { class: options.hot && options.hot(row) ? "hot" : "" });
              cells(row).forEach((cell, i) => line.append(el("td", { class: columns[i][1] }, cell)));
              body.append(line);
            }
            shown = Math.min(chosen.length, shown + count);
            more.textContent = shown < chosen.length ? (chosen.length - shown) + " more" : "";
          }
          function restart() { body.replaceChildren(); shown = 0; add(options.first || 25); }
          more.addEventListener("click", () => add(200));
          filter.addEventListener("input", () => {
            const sought = filter.value.toLowerCase();
            chosen = rows.filter((row) => cells(row).join(" ").toLowerCase().includes(sought));
            restart();
          });
          addEventListener("beforeprint", () => add(500));
          restart();
          return el("section", {},
            el("h2", {}, title),
            rows.length > 25 ? filter : null,
            el("div", { class: "scroll" }, el("table", {},
              el("thead", {}, el("tr", {}, columns.map((c) => el("th", { class: c[1], scope: "col" }, c[0])))), body)),
            more);
        }

        function notes(list) {
          return list.length
            ? el("section", {}, el("h2", {}, "Notes"), el("ul", {}, list.map((note) => el("li", {}, note)))) : null;
        }

        """#

    /// The page of an inspection.
    static let inspection = #"""
        const total = data.tree[1] || 1;
        let root = data.tree, trail = [data.tree], mode = "waste", layer = 0, sought = "";
        const map = el("div", { id: "map", role: "group", "aria-label": "map of the image by size" });
        const about = el("p", { class: "about", "aria-live": "polite" });
        const crumbs = el("nav", { "aria-label": "where the map is" });
        const legend = el("div", { class: "legend" });
        const results = el("ul", { class: "results" });
        const search = el("input", { type: "search", placeholder: "search files and folders", "aria-label": "search" });

        // A node is [name, bytes, layer, prunable bytes, package, kind, children]; kind 0 file, 1 folder, 2 what is
        // left out of a folder, 3 hidden by later layers.
        const pathOf = (nodes) => "/" + nodes.slice(1).map((node) => node[0]).join("/");

        function worst(row, side) {
          const sum = row.reduce((s, t) => s + t.area, 0);
          const longest = Math.max(...row.map((t) => t.area)), least = Math.min(...row.map((t) => t.area));
          return Math.max(side * side * longest / (sum * sum), sum * sum / (side * side * least));
        }

        /// Squarified treemap: Bruls, Huizing, van Wijk, 2000.
        function squarify(nodes, x, y, w, h) {
          const bytes = nodes.reduce((sum, node) => sum + node[1], 0);
          const tiles = nodes.map((node) => ({ node, area: node[1] / bytes * w * h })).filter((t) => t.area > 0);
          const placed = [];
          let row = [];
          function lay() {
            const sum = row.reduce((s, t) => s + t.area, 0);
            const down = w >= h, side = down ? h : w, thick = sum / side;
            let at = 0;
            for (const tile of row) {
              const long = tile.area / thick;
              placed.push(down ? { node: tile.node, x, y: y + at, w: thick, h: long }
                : { node: tile.node, x: x + at, y, w: long, h: thick });
              at += long;
            }
            if (down) { x += thick; w -= thick; } else { y += thick; h -= thick; }
            row = [];
          }
          for (const tile of tiles) {
            const side = Math.max(1, Math.min(w, h));
            if (row.length && worst([...row, tile], side) > worst(row, side)) lay();
            row.push(tile);
          }
          if (row.length) lay();
          return placed;
        }

        function kindOf(node) {
          if (node[5] === 3) return "hid";
          if (node[5] === 2 && mode === "waste" && node[3] * 2 < node[1]) return "more";
          if (mode === "layer") return node[2] < 0 ? "more" : "l" + node[2] % 8;
          return node[3] * 2 > node[1] ? "prune" : "kept";
        }

        function describe(nodes) {
          const node = nodes[nodes.length - 1];
          const parts = [size(node[1]), (100 * node[1] / total).toFixed(1) + "% of all"];
          if (node[2] >= 0) parts.push("layer " + (node[2] + 1));
          if (node[4] >= 0) parts.push("package " + data.packages[node[4]][0]);
          if (node[3] > 0) parts.push(size(node[3]) + " would go with profile " + data.profile);
          if (node[5] === 3 && node[7]) parts.push(node[7]);
          return [el("b", { class: "mono" }, pathOf(nodes)), " · " + parts.join(" · ")];
        }

        function draw() {
          map.replaceChildren();
          const tiles = [];
          function place(nodes, trail, x, y, w, h, depth) {
            for (const spot of squarify(nodes, x, y, w, h)) {
              if (spot.w < 3 || spot.h < 3) continue;
              const node = spot.node, here = [...trail, node], isFolder = !!(node[6] && node[6].length);
              const opens = isFolder && spot.w > 44 && spot.h > 40 && depth < 4;
              const tile = el("div", {
                class: "tile " + (opens ? "folder" : kindOf(node)), role: isFolder ? "button" : "img", tabindex: "-1",
                "aria-label": pathOf(here) + ", " + size(node[1]),
              });
              tile.style.left = spot.x + "px"; tile.style.top = spot.y + "px";
              tile.style.width = spot.w + "px"; tile.style.height = spot.h + "px";
              if (spot.w > 38 && spot.h > 17) {
                tile.classList.add("named");
                tile.append(node[0] + (spot.w > 110 ? "  " + size(node[1]) : ""));
              }
              if (layer && !opens && node[2] !== layer - 1) tile.classList.add("dim");
              if (sought && !opens && pathOf(here).toLowerCase().includes(sought)) tile.classList.add("hit");
              tile.addEventListener("pointerenter", () => about.replaceChildren(...describe(here)));
              tile.addEventListener("focus", () => about.replaceChildren(...describe(here)));
              if (isFolder) tile.addEventListener("click", () => zoom(here, true));
              tiles.push({ tile, here, isFolder, x: spot.x + spot.w / 2, y: spot.y + spot.h / 2 });
              map.append(tile);
              if (opens) place(node[6], here, spot.x + 2, spot.y + 18, spot.w - 4, spot.h - 20, depth + 1);
            }
          }
          place(root[6] || [], trail, 0, 0, map.clientWidth, map.clientHeight, 0);
          if (tiles.length) tiles[0].tile.tabIndex = 0;
          map.onkeydown = (event) => {
            const now = tiles.find((t) => t.tile === document.activeElement);
            if (event.key === "Escape" || event.key === "Backspace") {
              if (trail.length > 1) zoom(trail.slice(0, -1), true);
              event.preventDefault();
            } else if ((event.key === "Enter" || event.key === " ") && now && now.isFolder) {
              zoom(now.here, true);
              event.preventDefault();
            } else if (event.key.startsWith("Arrow") && now) {
              const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
              let best = null, least = Infinity;
              for (const t of tiles) {
                const along = (t.x - now.x) * dx + (t.y - now.y) * dy;
                const across = Math.abs((t.x - now.x) * dy) + Math.abs((t.y - now.y) * dx);
                if (along > 1 && along + 2 * across < least) { least = along + 2 * across; best = t; }
              }
              if (best) { now.tile.tabIndex = -1; best.tile.tabIndex = 0; best.tile.focus({ preventScroll: true }); }
              event.preventDefault();
            }
          };
          crumbs.replaceChildren(...trail.flatMap((node, i) => [
            i ? " / " : "", el("button", { type: "button", onclick: () => zoom(trail.slice(0, i + 1)) },
              i ? node[0] : "everything")]), "  " + size(root[1]));
          const key = (kind, text) => el("span", {}, el("i", { class: "tile " + kind }), text);
          legend.replaceChildren(...(mode === "waste"
            ? [key("kept", "kept"), key("prune", "would go with profile " + data.profile),
              key("hid", "hidden by later layers"), key("more", "many small files")]
            : data.layers.slice(0, 8).map((l, i) => key("l" + i, "layer " + (i + 1)))));
        }

        function zoom(nodes, takesFocus) {
          trail = nodes; root = nodes[nodes.length - 1];
          draw();
          about.replaceChildren(...describe(trail));
          if (takesFocus && map.firstChild) map.firstChild.focus({ preventScroll: true });
        }

        function find() {
          sought = search.value.toLowerCase();
          const found = [];
          (function walk(nodes) {
            const node = nodes[nodes.length - 1];
            if (sought && pathOf(nodes).toLowerCase().includes(sought) && nodes.length > 1) found.push(nodes);
            for (const child of node[6] || []) walk([...nodes, child]);
          })([data.tree]);
          found.sort((a, b) => b[b.length - 1][1] - a[a.length - 1][1]);
          results.replaceChildren(...found.slice(0, 40).map((nodes) => el("li", {},
            el("button", { type: "button", onclick: () => zoom(nodes[nodes.length - 1][6] ? nodes : nodes.slice(0, -1)) },
              pathOf(nodes) + "  " + size(nodes[nodes.length - 1][1])))));
          draw();
        }

        function button(text, on, press) {
          return el("button", { type: "button", "aria-pressed": String(on), onclick: press }, text);
        }
        const modes = el("span", { class: "switch", role: "group", "aria-label": "colours" });
        function choose(next) {
          mode = next;
          modes.replaceChildren(button("waste", mode === "waste", () => choose("waste")),
            button("layers", mode === "layer", () => choose("layer")));
          draw();
        }

        const longest = Math.max(1, ...data.layers.map((l) => l.carried));
        const layerList = el("ol", { class: "layers" });
        function drawLayers() {
          layerList.replaceChildren(...data.layers.map((l, i) => {
            const shown = el("i", { class: "shown" }), hidden = el("i", { class: "hid" });
            shown.style.width = 100 * (l.carried - l.hidden) / longest + "%";
            hidden.style.width = 100 * l.hidden / longest + "%";
            return el("li", {}, el("button", { type: "button", "aria-pressed": String(layer === i + 1), onclick: () => {
              layer = layer === i + 1 ? 0 : i + 1;
              drawLayers();
              draw();
            } },
            el("span", { class: "number" }, String(i + 1)),
            el("span", { class: "command mono", title: l.instruction }, l.instruction || l.digest),
            el("span", { class: "sizes" }, size(l.stored) + " stored · " + size(l.carried) + " unpacked",
              l.hidden ? el("em", {}, " · " + size(l.hidden) + " hidden") : null),
            el("span", { class: "bar" }, shown, hidden)));
          }));
        }

        const causes = Object.entries(data.causes).filter((c) => c[1] > 0).sort((a, b) => b[1] - a[1])
          .map((c) => c[0]);
        page.append(
          el("header", {}, el("h1", {}, data.name), el("div", { class: "digest" },
            [data.platform, data.digest].filter(Boolean).join("  ")),
          el("div", { class: "cards" },
            card(size(data.totals.stored), "stored, " + data.layers.length + (data.layers.length === 1 ? " layer" : " layers")),
            card(size(data.totals.unpacked), data.totals.files.toLocaleString("en") + " files, unpacked"),
            card(size(data.wasted), "wasted" + (causes.length ? ", most of it " + causes[0] : ""), data.wasted ? "bad" : "good"),
            card(data.efficiency, "efficiency"),
            card(size(data.saving), "less with profile " + data.profile),
            data.removals ? card(size(data.removals.bytes), "removed by the build") : null,
            card(String(data.secrets), data.secrets === 1 ? "secret" : "secrets", data.secrets ? "bad" : "good"))),
          el("section", {}, el("h2", {}, "Layers"), layerList),
          el("section", {}, el("h2", {}, "Where the bytes are"),
            el("div", { class: "tools" }, crumbs, modes, search), results, map, legend, about));
        for (const part of [
          table("Wasted", [["bytes", "size"], ["where", "path"], ["files", "size"], ["why", ""]], data.waste,
            (w) => [size(w[1]), w[0], String(w[2]), w[3]]),
          table("What pruning with " + data.profile + " takes", [["bytes", "size"], ["rule", ""], ["files", "size"], ["what it is", ""], ["most of it", "path"]],
            data.rules, (r) => [size(r[1]), r[0], String(r[2]), r[3], r[4]]),
          ...(data.removals ? [
            table("Removed by the build", [["bytes", "size"], ["rule", ""], ["files", "size"], ["why", ""]], data.removals.rules,
              (r) => [size(r[1]), r[0], String(r[2]), r[3]]),
            table("What went", [["bytes", "size"], ["where", "path"], ["files", "size"], ["rule", ""], ["why", ""]],
              data.removals.unshownFiles ? [...data.removals.lines, ["lighter ones", data.removals.unshownBytes,
                data.removals.unshownFiles, "", ""]] : data.removals.lines,
              (r) => [size(r[1]), r[0], String(r[2]), r[3], r[4]]),
            table("What the closure kept", [["bytes", "size"], ["what", "path"], ["why", ""]], data.removals.kept,
              (k) => [size(k[1]), k[0], k[2]]),
          ] : []),
          table("Findings", [["kind", ""], ["where", "path"], ["what", ""], ["layer", ""]], data.findings,
            (f) => [f[0], f[1], f[2], f[3]], { hot: (f) => f[4] }),
          table("Packages", [["bytes", "size"], ["package", "path"], ["version", ""], ["files", "size"]], data.packages,
            (p) => [size(p[2]), p[0], p[1], String(p[3])], { first: 15 }),
          table("Largest files", [["bytes", "size"], ["file", "path"], ["layer", "size"], ["package", ""]], data.files,
            (f) => [size(f[1]), f[0], String(f[2]), f[3]], { first: 15 }),
          notes(data.notes),
        ]) if (part) page.append(part);
        page.append(el("footer", {}, "scar-build " + data.version + " inspect. Sizes are decimal: 1 MB is 1,000,000 bytes."));
        search.addEventListener("input", find);
        addEventListener("resize", draw);
        addEventListener("beforeprint", draw);
        drawLayers();
        choose("waste");
        zoom([data.tree]);

        """#

    /// The page of a comparison.
    static let comparison = #"""
        const signed = (bytes) => (bytes > 0 ? "+" : "") + size(bytes);
        page.append(el("header", {},
          el("h1", {}, data.from.name + " → " + data.to.name),
          el("div", { class: "digest" }, [data.from.digest, data.to.digest].filter(Boolean).join(" → ")),
          el("div", { class: "cards" }, data.cards.map((c) => card(signed(c[1]), c[0] + ": " + size(c[2]) + " → " + size(c[3]),
            c[1] > 0 ? "bad" : c[1] < 0 ? "good" : "")),
          card(String(data.counts.added), "files added"), card(String(data.counts.removed), "files removed"),
          card(String(data.counts.changed), "files changed"))));
        for (const part of [
          table("Configuration", [["what", ""], ["before", "path"], ["after", "path"]], data.config, (c) => c),
          table("Packages", [["package", "path"], ["before", ""], ["after", ""], ["bytes", "size"]], data.packages,
            (p) => [p[0], p[1], p[2], signed(p[3])]),
          table("Folders", [["bytes", "size"], ["folder", "path"]], data.folders, (f) => [signed(f[1]), f[0]]),
          table("Files", [["", ""], ["file", "path"], ["bytes", "size"], ["what changed", ""]], data.files,
            (f) => [f[0], f[1], signed(f[2]), f[3]]),
        ]) if (part) page.append(part);
        page.append(el("footer", {}, "scar-build " + data.version + " diff. Sizes are decimal: 1 MB is 1,000,000 bytes."));

        """#
}
