/// How pages look: in light and dark, on small screens, on paper.
enum PageStyle {
    static let text = #"""
        :root {
          color-scheme: light dark;
          --paper: #fbfaf8; --card: #ffffff; --ink: #1d2327; --soft: #5c666d; --line: #e2e0da; --accent: #0b6bcb;
          --kept: #a9c4d8; --kept-ink: #14303f; --prune: #f2b84b; --prune-ink: #3d2a00; --hidden: #d9534f;
          --hidden-ink: #fff; --more: #d6dde1; --good: #23794a; --folder: #eef1f2; --alarm: #c0392b;
          --l0: #7fb2d9; --l1: #f0a35e; --l2: #8bc48a; --l3: #d98fb0; --l4: #b5a1dd; --l5: #d8c15a; --l6: #73c2bd;
          --l7: #c9a58b;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #14181b; --card: #1c2226; --ink: #e6eaec; --soft: #9aa7af; --line: #2d363c; --accent: #69b1ff;
            --kept: #3a5a70; --kept-ink: #e3eff7; --prune: #a06c12; --prune-ink: #fff6e2; --hidden: #b8403c;
            --hidden-ink: #fff; --more: #333d43; --good: #59c487; --folder: #232b30; --alarm: #ff7b72;
            --l0: #3f7fb0; --l1: #b8702d; --l2: #4b8d4c; --l3: #a3527a; --l4: #7662ad; --l5: #96811f; --l6: #2f8b86;
            --l7: #87664e;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; letter-spacing: -0.01em; }
        h2 { font-size: 17px; margin: 40px 0 12px; }
        .soft, .digest { color: var(--soft); }
        .digest, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .digest { font-size: 12.5px; overflow-wrap: anywhere; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 22px 0 0; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
        .card b { display: block; white-space: nowrap; font-size: 22px; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
        .card.bad b { color: var(--alarm); }
        .card.good b { color: var(--good); }
        .card span { color: var(--soft); font-size: 13px; }
        .layers { display: grid; gap: 6px; padding: 0; margin: 0; list-style: none; }
        .layers button { display: grid; grid-template-columns: 28px minmax(0, 1fr) max-content; gap: 4px 12px; align-items: center;
          width: 100%; text-align: left; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
          padding: 9px 14px; font: inherit; color: inherit; cursor: pointer; }
        .layers button[aria-pressed=true] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
        .layers .number { font-weight: 650; color: var(--soft); }
        .layers .command { font-size: 13px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .layers .sizes { font-size: 13px; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .layers .sizes em { font-style: normal; color: var(--alarm); }
        .bar { grid-column: 2 / 4; height: 8px; border-radius: 4px; background: var(--folder); overflow: hidden;
          display: flex; }
        .bar i { display: block; height: 100%; }
        .bar .shown { background: var(--kept); }
        .bar .hid { background: repeating-linear-gradient(45deg, var(--hidden) 0 5px, transparent 5px 8px) var(--more); }
        .tools { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin-bottom: 8px; }
        .tools nav { flex: 1 1 260px; min-width: 0; overflow-wrap: anywhere; font-size: 14px; }
        .tools nav button { background: none; border: 0; padding: 2px 1px; font: inherit; color: var(--accent);
          cursor: pointer; }
        .tools input, .filter { font: inherit; padding: 5px 10px; border: 1px solid var(--line); border-radius: 8px;
          background: var(--card); color: inherit; min-width: 0; width: 220px; }
        .switch { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
        .switch button { border: 0; background: var(--card); color: inherit; font: inherit; padding: 5px 12px;
          cursor: pointer; }
        .switch button[aria-pressed=true] { background: var(--accent); color: var(--card); }
        #map { position: relative; height: min(62vh, 620px); min-height: 360px; border: 1px solid var(--line);
          border-radius: 10px; overflow: hidden; background: var(--card); }
        .tile { position: absolute; overflow: hidden; border: 1px solid var(--card); padding: 0; font-size: 12px;
          line-height: 16px; white-space: nowrap; text-overflow: ellipsis; cursor: default; color: var(--kept-ink); }
        .tile.named { padding: 1px 5px; }
        .tile.folder { background: var(--folder); color: var(--ink); cursor: zoom-in; font-weight: 600; }
        .tile:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; z-index: 2; }
        .tile:hover { filter: brightness(1.07); }
        .tile.kept { background: var(--kept); }
        .tile.prune { background: var(--prune); color: var(--prune-ink); }
        .tile.hid { background: repeating-linear-gradient(45deg, #0002 0 6px, transparent 6px 12px) var(--hidden);
          color: var(--hidden-ink); }
        .tile.more { background: var(--more); color: var(--soft); }
        .tile.dim { opacity: .25; }
        .tile.hit { outline: 3px solid var(--accent); outline-offset: -3px; }
        .tile.l0 { background: var(--l0); } .tile.l1 { background: var(--l1); } .tile.l2 { background: var(--l2); }
        .tile.l3 { background: var(--l3); } .tile.l4 { background: var(--l4); } .tile.l5 { background: var(--l5); }
        .tile.l6 { background: var(--l6); } .tile.l7 { background: var(--l7); }
        .about { min-height: 44px; margin: 8px 0 0; font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
        .about b { color: var(--ink); font-weight: 600; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); margin: 4px 0 0; }
        .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
          vertical-align: -1px; position: static; padding: 0; border: 0; }
        .results { list-style: none; margin: 0 0 8px; padding: 0; max-height: 260px; overflow: auto; font-size: 13px; }
        .results button { background: none; border: 0; font: inherit; color: var(--accent); padding: 2px 0;
          text-align: left; cursor: pointer; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
        th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        td.size, th.size { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 16px; }
        td.path { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12.5px;
          overflow-wrap: anywhere; min-width: 180px; }
        tr.hot td:first-child { color: var(--alarm); font-weight: 600; }
        .rest { background: none; border: 0; color: var(--accent); font: inherit; padding: 8px 0; cursor: pointer; }
        footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
        @media (max-width: 640px) {
          main { padding: 18px 14px 40px; }
          h1 { font-size: 20px; }
          .layers button { grid-template-columns: 22px minmax(0, 1fr); }
          td:last-child { min-width: 170px; }
          .layers .sizes { grid-column: 2; text-align: left; white-space: normal; }
          .bar { grid-column: 1 / 3; }
          .tools input { width: 100%; }
          .cards { grid-template-columns: 1fr 1fr; }
          .card b { font-size: 20px; }
        }
        @media print {
          body { background: #fff; color: #000; font-size: 11px; }
          main { max-width: none; padding: 0; }
          .tools input, .switch, .rest, .filter { display: none; }
          #map { height: 400px; break-inside: avoid; }
          .tile, .bar i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          tr { break-inside: avoid; }
        }

        """#
}
