/// Rows under headings, each column as wide as its widest cell.
struct Table: Sendable {
    /// One heading; numbers are set to the right.
    struct Column: Sendable {
        var title: String
        var isNumber = false

        init(_ title: String, isNumber: Bool = false) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    /// The lines, headings first, without trailing blanks.
    func lines(on console: Console) -> [String] {
        let widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { index < $0.count ? $0[index] : "" })
                .map(DisplayWidth.columns).max() ?? 0
        }
        func line(_ cells: [String], _ style: Style?) -> String {
            var line = ""
            for index in columns.indices {
                let cell = index < cells.count ? cells[index] : ""
                let blanks = String(
                    repeating: " ", count: max(0, widths[index] - DisplayWidth.columns(of: cell)))
                let shown = style.map { console.styled(cell, $0) } ?? cell
                line += columns[index].isNumber ? blanks + shown : shown + blanks
                if index + 1 < columns.count { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        return [line(columns.map(\.title), .dim)] + rows.map { line($0, nil) }
    }
}
