// BaridArticles begins here.
