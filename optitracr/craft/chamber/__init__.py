"""The chamber of components: each module lowers one kind of operation to weights."""
