internal import ByteKit

/// Columns as wide as what stands in them.
enum Table {
    static func text(_ rows: [[String]]) -> [UInt8] {
        var widths: [Int] = []
        for row in rows {
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        var text = ""
        for row in rows {
            for (column, cell) in row.enumerated() {
                let isLast = column == row.count - 1
                text += Diagnostic.printable(cell)
                if !isLast { text += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            text += "\n"
        }
        return Array(text.utf8)
    }
}
